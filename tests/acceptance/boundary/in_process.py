"""The HQ's own server code and terminal: the in-process client first, RPC in process beside it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import httpx2
from typing_extensions import override

import rawr_hq
from packages.invoicing.capability import provide
from packages.invoicing.client import InvoicingClient, InvoicingPorts
from packages.invoicing.errors import RunRef
from packages.invoicing.procedures.contract import StartRun
from packages.invoicing.workflows.contract import TriggerReconciliation
from plugins.api.invoicing.contract import StartInvoiceProcessing
from rawr.composition import HostPorts, Principal, RequestInfo, compose_capabilities
from rawr.durable.protocol.signing import hash_signing_key
from tests.acceptance.boundary import probes
from tests.acceptance.boundary.callers import Caller, bearer, signature
from tests.acceptance.boundary.sockets import connections
from tests.acceptance.boundary.suite import Suite
from tests.acceptance.boundary.world import FALLBACK_KEY, SIGNING_KEY
from tests.scenarios.kit import ADA, HQ, running_hq


@dataclass(frozen=True, slots=True)
class SeenPorts(InvoicingPorts):
    """The package, telling for whom clients of it were made."""

    principals: list[Principal] = field(default_factory=list)

    @override
    def client(self, principal: Principal, request: RequestInfo) -> InvoicingClient:
        self.principals.append(principal)
        return InvoicingPorts.client(self, principal, request)


class InProcess(Suite):
    """A host in this very process; nothing it does may open a connection."""

    id: ClassVar[str] = "cli:in-process"

    def __init__(self, hq: HQ, principals: list[Principal], callers: tuple[Caller, ...]) -> None:
        self.hq = hq
        self.principals = principals
        self.service, self.partner, self.anybody = callers

    @override
    async def control(self) -> None:
        package = self.hq.package(ADA)
        start = StartRun(invoice_id=probes.fresh("invoice"), requested_by=ADA.subject)
        run = RunRef(run_id=(await package.start(start)).run_id)
        trigger = TriggerReconciliation(run_id=run.run_id)
        await self.service.rpc().invoicing.workflows.trigger_reconciliation(trigger)
        await self.hq.settle()
        assert (await package.get_status(run)).status == "completed"

    @override
    async def reject_api_inngest_from_caller_paths(self) -> None:
        await probes.assert_ingress_refuses(self.service, self.service)
        await probes.assert_ingress_is_on_no_caller_path(self.service, self.service)

    @override
    async def reject_ingress_spoofed_caller_headers(self) -> None:
        await probes.assert_claims_are_not_believed(self.service, self.service)
        await probes.assert_claims_are_not_believed(self.anybody, self.service)

    @override
    async def reject_rpc_from_external_callers(self) -> None:
        start = StartInvoiceProcessing(invoice_id=probes.fresh("invoice"))
        seen = [
            await probes.refusal(caller.rpc().invoicing.api.start_invoice_processing(start))
            for caller in (self.partner, self.anybody)
        ]
        assert seen == [probes.FORBIDDEN, probes.UNAUTHORIZED]
        assert (await self.service.rpc().invoicing.api.start_invoice_processing(start)).accepted

    @override
    async def reject_rpc_from_runtime_ingress(self) -> None:
        body = probes.rpc_body()
        # A terminal that holds the engine's key still is no first party.
        for proof in ({}, bearer(SIGNING_KEY), bearer(hash_signing_key(SIGNING_KEY))):
            headers = {**signature(body), **proof}
            response = await self.anybody.fetch(
                "POST", probes.RPC_START, content=body, headers=headers
            )
            assert probes.failure(response) == probes.UNAUTHORIZED

    @override
    async def reject_rpc_workflows_route_family(self) -> None:
        await probes.assert_no_rpc_workflows(self.service, self.service)

    @override
    async def runtime_ingress_no_caller_boundary_semantics(self) -> None:
        await probes.assert_ingress_is_no_api(self.service, self.anybody)
        # What the engine runs, it runs as the system, never as the caller that asked for it.
        self.principals.clear()
        await self.hq.accepted("ada", invoiceId=probes.fresh("invoice"))
        await self.hq.settle()
        asked, *worked = self.principals
        assert asked.subject == "ada"
        assert {principal.subject for principal in worked} == {"system:invoicing"}
        assert not any(
            principal.can_call_internal or principal.can_trigger_workflows for principal in worked
        )

    @override
    async def in_process_no_local_http_self_call(self) -> None:
        with connections() as opened:
            await self.control()
        assert opened == []


@asynccontextmanager
async def in_process(folder: Path) -> AsyncIterator[InProcess]:
    """Boot the reference HQ in this process."""
    principals: list[Principal] = []

    def seen(ports: HostPorts) -> InvoicingPorts:
        return SeenPorts(provide(ports).deps, principals=principals)

    manifest = compose_capabilities([replace(rawr_hq.invoicing_capability, provide=seen)])
    async with running_hq(
        folder, manifest=manifest, signing_key=SIGNING_KEY, signing_key_fallback=FALLBACK_KEY
    ) as hq:
        transport = httpx2.ASGITransport(app=hq.host.app)
        clients = [
            httpx2.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:9", headers=headers, verify=_NO_TLS
            )
            for headers in (bearer("service"), bearer("partner"), {})
        ]
        yield InProcess(hq, principals, tuple(Caller(client) for client in clients))
        for client in clients:
            await client.aclose()


_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
