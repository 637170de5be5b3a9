"""Everybody who calls an HQ: what they send by themselves, and the clients they use."""

import json
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from packages.invoicing.workflows.contract import InvoicingWorkflows
from plugins.api.invoicing.contract import InvoicingApi
from rawr.client import OpenAPILink, RPCLink, create_client
from rawr.durable.protocol.signing import SIGNATURE_HEADER, sign
from rawr_hq import HQ
from tests.acceptance.boundary.world import SERVICE_TOKEN, SIGNING_KEY, World

INGRESS = "/api/inngest"
FUNCTION = f"{INGRESS}?fnId=rawr-hq-invoicing.reconciliation&stepId=step"
PLAIN_TEXT = "text/plain; charset=utf-8"

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS, and reading the CA bundle would be most of a client's cost."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls an HQ; `http` sends what proves them with every request."""

    http: httpx2.AsyncClient

    async def fetch(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """A request written by hand."""
        sent = {"content-type": "application/json", **(headers or {})}
        return await self.http.request(method, path, content=content, headers=sent)

    def rpc(self, path: str = "/rpc") -> HQ:
        """The typed client of first parties."""
        return create_client(HQ, RPCLink(self._url(path), client=self.http))

    def workflows(self, path: str = "/api/workflows") -> InvoicingWorkflows:
        """The typed client of workflow routes."""
        return create_client(InvoicingWorkflows, OpenAPILink(self._url(path), client=self.http))

    def api(self, path: str = "/api/orpc") -> InvoicingApi:
        """The typed client of API routes."""
        return create_client(InvoicingApi, OpenAPILink(self._url(path), client=self.http))

    def _url(self, path: str) -> str:
        return str(self.http.base_url).rstrip("/") + path


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """One caller of each kind."""

    page: Caller
    """A page of the HQ itself, in the browser of somebody signed in."""
    visitor: Caller
    """The same page before anybody signed in."""
    integrator_page: Caller
    """The same page, sending the token of the integrator."""
    foreign_page: Caller
    """A page of another site, in the browser of somebody signed in to the HQ."""
    partner: Caller
    """A third party with both roles."""
    integrator: Caller
    """A third party that may trigger workflows, too."""
    service: Caller
    """A trusted service."""
    rival: Caller
    """A trusted service of another tenant."""
    anybody: Caller
    """No credentials at all."""


@asynccontextmanager
async def callers_of(world: World) -> AsyncIterator[Callers]:
    """Connect everybody to a running HQ."""
    own = {
        "origin": world.base_url,
        "referer": f"{world.base_url}/",
        "sec-fetch-site": "same-origin",
        "sec-fetch-mode": "cors",
        "x-csrf-token": "orpc",
    }
    foreign = {**own, "origin": "https://evil.test", "sec-fetch-site": "cross-site"}
    async with AsyncExitStack() as stack:

        async def caller(headers: Mapping[str, str]) -> Caller:
            client = httpx2.AsyncClient(
                base_url=world.base_url,
                headers=headers,
                verify=_NO_TLS,
                trust_env=False,
                timeout=20,
            )
            return Caller(await stack.enter_async_context(client))

        yield Callers(
            page=await caller({**own, "cookie": world.cookie}),
            visitor=await caller(own),
            integrator_page=await caller({**own, **bearer(world.integrator)}),
            foreign_page=await caller({**foreign, "cookie": world.cookie}),
            partner=await caller(bearer(world.partner)),
            integrator=await caller(bearer(world.integrator)),
            service=await caller(bearer(SERVICE_TOKEN)),
            rival=await caller(bearer(world.rival)),
            anybody=await caller({}),
        )


def bearer(token: str) -> dict[str, str]:
    """The header that proves the holder of a token."""
    return {"authorization": f"Bearer {token}"}


def engine_call(run_id: str, *, tenant_id: str = "acme") -> bytes:
    """What an engine sends to have the first step of a run executed."""
    data: dict[str, Any] = {
        "tenantId": tenant_id,
        "runId": run_id,
        "requestId": f"request-of-{run_id}",
        "correlationId": f"correlation-of-{run_id}",
        "requestedBy": "ada",
        "scope": {"accountId": tenant_id, "invoiceIds": [f"of-{run_id}"], "dryRun": False},
    }
    event = {"name": "invoicing.reconciliation.requested", "data": data, "id": "e1", "ts": 1}
    context = {
        "attempt": 0,
        "disable_immediate_execution": False,
        "run_id": "01JAAAAAAAAAAAAAAAAAAAAAAA",
        "stack": {"stack": []},
        "use_api": False,
    }
    call = {"event": event, "events": [event], "steps": {}, "use_api": False, "ctx": context}
    return json.dumps(call).encode()


def signature(body: bytes, key: str = SIGNING_KEY, *, age_seconds: int = 0) -> dict[str, str]:
    """The header by which an engine proves itself."""
    return {SIGNATURE_HEADER: sign(body, key, now_s=int(time.time()) - age_seconds)}
