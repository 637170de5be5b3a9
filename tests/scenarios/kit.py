"""A whole HQ in process: real host, real engine, real SQLite; time and callers are the test's."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

import rawr_hq
from packages.invoicing.capability import provide
from packages.invoicing.client import InvoicingClient, InvoicingPorts
from packages.invoicing.errors import RunRef
from packages.invoicing.procedures.contract import READ, WRITE
from packages.invoicing.service.ledger import Ledger
from packages.invoicing.service.workflow import RECONCILIATION
from rawr.composition import (
    CallerClass,
    HostPorts,
    Manifest,
    Principal,
    RequestInfo,
    compose_capabilities,
)
from rawr.coordination import Runs, TimelineEvent
from rawr.host import BootStages, Host, Settings, TokenIdentity, boot
from rawr.testing.asgi import ASGIClient, ASGIResponse
from rawr.testing.clock import VirtualClock

ROOT = Path(__file__).parents[2]

ADA = Principal(
    subject="ada",
    tenant_id="acme",
    caller=CallerClass.FIRST_PARTY,
    roles=frozenset({READ, WRITE}),
    can_call_internal=True,
    can_trigger_workflows=True,
)
"""May do everything in her tenant; the others are what she is but for one thing."""

PEOPLE: Mapping[str, Principal] = {
    "ada": ADA,
    "bob": replace(ADA, subject="bob", tenant_id="bolt"),
    "partner": replace(ADA, subject="partner", caller=CallerClass.THIRD_PARTY),
    "service": replace(ADA, subject="service", caller=CallerClass.SERVICE),
    "outsider": replace(ADA, subject="outsider", can_call_internal=False),
    "watcher": replace(ADA, subject="watcher", can_trigger_workflows=False),
    "reader": replace(ADA, subject="reader", roles=frozenset({READ})),
    "writer": replace(ADA, subject="writer", roles=frozenset({WRITE})),
    "nobody": replace(ADA, subject="nobody", roles=frozenset()),
}
"""Callers by token: the token of `ada` is `ada`."""

TRIGGER = "/api/workflows/invoicing/reconciliation/trigger"
RPC_TRIGGER = "/rpc/invoicing/workflows/triggerReconciliation"
START = "/api/orpc/invoicing/processing/start"


_MOST_ATTEMPTS = 10


def settings_for(data_dir: Path, **changes: Any) -> Settings:
    return Settings(hq_dir=ROOT / "hq", data_dir=data_dir, **changes)


@dataclass(slots=True)
class HQ:
    """A booted HQ and the clock it lives by."""

    host: Host
    clock: VirtualClock
    ports: list[HostPorts]

    def caller(
        self, who: str | None = "ada", *, address: str = "127.0.0.1", **headers: str
    ) -> ASGIClient:
        """A client that sends a person's token (none at all for None)."""
        sent = {"content-type": "application/json", **headers}
        if who is not None:
            sent["authorization"] = f"Bearer {who}"
        return ASGIClient(self.host.app, headers=sent, client=(address, 50000))

    async def trigger(
        self, who: str = "ada", *, headers: Mapping[str, str] | None = None, **body: Any
    ) -> ASGIResponse:
        return await self.caller(who).request(
            "POST", TRIGGER, headers=headers or {}, body=msgspec.json.encode(body)
        )

    async def accepted(self, who: str = "ada", **body: Any) -> str:
        """Trigger a reconciliation that must be accepted; returns the run's id."""
        response = await self.trigger(who, **body)
        assert response.status == 200, response.text
        return str(fields(response)["runId"])

    async def registered(self, who: str = "ada", invoice_id: str = "inv-1") -> str:
        """Register a run that nothing executes yet."""
        response = await self.caller(who).request(
            "POST", START, body=msgspec.json.encode({"invoiceId": invoice_id})
        )
        assert response.status == 200, response.text
        return str(fields(response)["runId"])

    async def status(self, run_id: str, who: str = "ada") -> dict[str, Any]:
        response = await self.caller(who).request("GET", f"/api/workflows/invoicing/runs/{run_id}")
        assert response.status == 200, response.text
        return fields(response)

    async def timeline(self, run_id: str, who: str = "ada") -> list[dict[str, Any]]:
        response = await self.caller(who).request(
            "GET", f"/api/workflows/invoicing/runs/{run_id}/timeline"
        )
        assert response.status == 200, response.text
        events: list[dict[str, Any]] = fields(response)["events"]
        return events

    async def statuses(self, run_id: str, who: str = "ada") -> list[str]:
        return [event["status"] for event in await self.timeline(run_id, who)]

    @property
    def runs(self) -> Runs:
        return self.host.coordination.runs(RECONCILIATION)

    async def recorded(self, run_id: str, tenant_id: str = "acme") -> list[TimelineEvent]:
        return [*(await self.runs.timeline(run_id, tenant_id=tenant_id)).events]

    async def reconciled(self) -> list[tuple[str, str, str]]:
        """What the ledger holds: invoice, account and run."""

        def work(connection: Any) -> list[tuple[str, str, str]]:
            return connection.execute(  # type: ignore[no-any-return]  # rows of three texts
                "SELECT invoice_id, account_id, run_id FROM invoicing_reconciled ORDER BY 1"
            ).fetchall()

        return await self.ports[0].database.read(work)

    def package(self, principal: Principal = ADA) -> InvoicingClient:
        """The package's in-process client, as a plugin would use it."""
        request = RequestInfo(request_id="req-0", correlation_id="corr-0")
        return provide(self.ports[0]).client(principal, request)

    async def cancel(self, run_id: str) -> bool:
        """Cancel a run as its own tenant; False if it was too late."""
        return (await self.package().cancel(RunRef(run_id=run_id))).accepted

    @asynccontextmanager
    async def nothing_sent(self) -> AsyncIterator[None]:
        """For the length of a block no event leaves the outbox, as if the engine were away."""
        async with self.host.coordination.relay._turn:
            yield

    async def settle(self) -> None:
        """Let everything happen that is due now."""
        await self.host.coordination.relay.drain()
        await self.host.engine.settle()

    async def advance_to_next(self) -> int:
        """Move the clock to whatever the engine waits for; returns the milliseconds passed."""
        await self.settle()
        due = self.host.engine.next_due_at()
        assert due is not None, "the engine waits for nothing"
        passed = max(0, due - self.clock.now_ms())
        self.clock.advance(passed)
        await self.settle()
        return passed

    async def exhaust(self, run_id: str) -> None:
        """Move the clock on, retry by retry, until the run has ended."""
        await self.settle()
        for _ in range(_MOST_ATTEMPTS):
            if (await self.status(run_id))["isTerminal"]:
                return
            await self.advance_to_next()
        raise AssertionError(f"run {run_id} does not end")


def fields(response: ASGIResponse) -> dict[str, Any]:
    """The body of a response, which must be a JSON object."""
    body = response.json()
    assert isinstance(body, dict), response.text
    return body


def manifest_with(ledger: Callable[[Ledger], Ledger]) -> Manifest:
    """The reference HQ with another ledger."""

    def provide_with(ports: HostPorts) -> InvoicingPorts:
        deps = provide(ports).deps
        return InvoicingPorts(replace(deps, ledger=ledger(deps.ledger)))

    return compose_capabilities([replace(rawr_hq.invoicing_capability, provide=provide_with)])


def _watching(manifest: Manifest, seen: list[HostPorts]) -> Manifest:
    """The same manifest, telling which ports the host lent."""

    def watch(bind: Callable[[HostPorts], Any]) -> Callable[[HostPorts], Any]:
        def bound(ports: HostPorts) -> Any:
            seen.append(ports)
            return bind(ports)

        return bound

    capabilities = [replace(item, provide=watch(item.provide)) for item in manifest.capabilities]
    return replace(manifest, capabilities=tuple(capabilities))


@asynccontextmanager
async def running_hq(
    data_dir: Path,
    *,
    manifest: Manifest = rawr_hq.manifest,
    stages: BootStages | None = None,
    start_ms: int | None = None,
    **settings: Any,
) -> AsyncIterator[HQ]:
    """Boot an HQ that knows `PEOPLE`, on a clock that stands still."""
    clock = VirtualClock(start_ms=time.time_ns() // 1_000_000 if start_ms is None else start_ms)
    ports: list[HostPorts] = []
    async with boot(
        _watching(manifest, ports),
        settings_for(data_dir, **settings),
        identity=TokenIdentity.of(dict(PEOPLE)),
        stages=stages,
        clock=clock,
    ) as host:
        yield HQ(host, clock, ports)
