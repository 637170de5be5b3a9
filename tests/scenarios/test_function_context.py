"""Whom the durable function acts as, and what it knows of the request that asked for it."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.scenarios.kit import fields, running_hq

import rawr_hq
from packages.invoicing.capability import provide
from packages.invoicing.client import InvoicingClient, InvoicingPorts
from rawr.composition import HostPorts, Manifest, Principal, RequestInfo, compose_capabilities


@dataclass(frozen=True, slots=True)
class WatchedPorts(InvoicingPorts):
    """Remembers which clients were made, for whom."""

    made: list[tuple[Principal, RequestInfo]] = field(default_factory=list)

    def client(self, principal: Principal, request: RequestInfo) -> InvoicingClient:
        self.made.append((principal, request))
        return InvoicingPorts.client(self, principal, request)


@pytest.fixture
def made() -> list[tuple[Principal, RequestInfo]]:
    return []


@pytest.fixture
def manifest(made: list[tuple[Principal, RequestInfo]]) -> Manifest:
    def watched(ports: HostPorts) -> WatchedPorts:
        return WatchedPorts(provide(ports).deps, made=made)

    return compose_capabilities([replace(rawr_hq.invoicing_capability, provide=watched)])


async def test_the_function_acts_as_the_system_within_the_runs_tenant(
    tmp_path: Path, manifest: Manifest, made: list[tuple[Principal, RequestInfo]]
) -> None:
    async with running_hq(tmp_path, manifest=manifest) as hq:
        await hq.accepted("bob", invoiceId="inv-1")
        (boundary, _), *_ = made
        assert boundary.subject == "bob"
        made.clear()
        await hq.settle()
        assert {(who.subject, who.tenant_id) for who, _ in made} == {("system:invoicing", "bolt")}
        assert not any(who.can_trigger_workflows for who, _ in made)


async def test_the_function_knows_the_ids_of_the_request_and_nothing_else_of_it(
    tmp_path: Path, manifest: Manifest, made: list[tuple[Principal, RequestInfo]]
) -> None:
    async with running_hq(tmp_path, manifest=manifest) as hq:
        headers = {"x-request-id": "req-7", "x-correlation-id": "corr-7", "user-agent": "browser"}
        response = await hq.trigger(headers=headers, invoiceId="inv-1")
        assert fields(response)["correlationId"] == "corr-7"
        made.clear()
        await hq.settle()
        assert {request for _, request in made} == {
            RequestInfo(request_id="req-7", correlation_id="corr-7")
        }


async def test_who_lost_the_role_after_asking_does_not_stop_the_run(
    tmp_path: Path, manifest: Manifest
) -> None:
    async with running_hq(tmp_path, manifest=manifest) as hq:
        run_id = await hq.accepted("writer", invoiceId="inv-1")
        await hq.settle()
        assert (await hq.status(run_id))["status"] == "completed"
