"""Two tenants of one HQ: every procedure there is, asked for the other's things.

The procedures come from the manifest, so a new one is asked, too. What a procedure may be asked
with comes from its schema; a field that nothing here can fill fails the test, to be filled in.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from packages.invoicing.errors import RunRef
from packages.invoicing.procedures.contract import InvoicingPackage
from packages.invoicing.workflows.contract import RunTimeline, TriggerReconciliation
from rawr.contract import Contract, ContractProcedure, ORPCError, walk
from rawr_hq import manifest
from tests.acceptance.boundary import probes
from tests.acceptance.boundary.callers import FUNCTION, Callers, engine_call, signature
from tests.scenarios.kit import ADA, PEOPLE, running_hq

pytestmark = pytest.mark.acceptance

PLACES = list(walk(manifest.orpc.contract))
UNKNOWN = "run-that-never-was"
PRIVATE = ("acme", "ada")


@dataclass(frozen=True, slots=True)
class Victim:
    """What the rival has learnt of another tenant."""

    run_id: str
    request_id: str
    invoice_id: str

    def fillings(self) -> dict[str, object]:
        """A value for every field of any input."""
        return {
            "runId": self.run_id,
            "requestId": self.request_id,
            "invoiceId": self.invoice_id,
            "requestedByUserId": "rival",
            "requestedBy": "rival",
            "requestSource": "test",
            "scope": {"accountId": "acme", "invoiceIds": [self.invoice_id], "dryRun": False},
            "after": 0,
            "ok": True,
            "reason": "because",
            "attempt": 1,
        }


def inputs(place: ContractProcedure, victim: Victim) -> Iterator[dict[str, object]]:
    """What a procedure may be asked with: its required fields, and up to two optional ones."""
    adapter = place.contract.definition.input
    assert adapter is not None
    schema: Any = adapter.json_schema("input")
    fillings = victim.fillings()
    unknown = {*schema["properties"]} - {*fillings}
    assert not unknown, f"{'.'.join(place.path)}: say in Victim.fillings how to fill {unknown}"
    required = set(schema.get("required", ()))
    optional = sorted({*schema["properties"]} - required)
    for size in range(3):
        for chosen in itertools.combinations(optional, size):
            yield {name: fillings[name] for name in (*sorted(required), *chosen)}


def over_rpc(place: ContractProcedure, fields: dict[str, object]) -> tuple[str, str, bytes]:
    """Method, address and body of a call over RPC."""
    path = "/".join(("/rpc", *place.path))
    payload = json.dumps({"json": fields})
    if place.contract.definition.route.effective_method == "GET":
        return "GET", f"{path}?data={payload}", b""
    return "POST", path, payload.encode()


def over_openapi(place: ContractProcedure, fields: dict[str, object]) -> tuple[str, str, bytes]:
    """Method, address and body of a call of the published surface."""
    family = "/api/workflows" if place.path[1] == "workflows" else "/api/orpc"
    route = place.contract.definition.route
    assert route.path is not None
    in_path = {name for name in fields if f"{{{name}}}" in route.path}
    body = {name: value for name, value in fields.items() if name not in in_path}
    path = family + route.path.format(**{name: fields[name] for name in in_path})
    if route.effective_method == "GET":
        query = "&".join(f"{name}={value}" for name, value in body.items())
        return "GET", f"{path}?{query}", b""
    return route.effective_method, path, json.dumps(body).encode()


@pytest.fixture
async def victim(callers: Callers) -> Victim:
    """A completed run of `acme`."""
    victim = Victim("", probes.fresh("request"), probes.fresh("invoice"))
    trigger = TriggerReconciliation(request_id=victim.request_id, invoice_id=victim.invoice_id)
    accepted = await callers.page.workflows().trigger_reconciliation(trigger)
    await probes.completed(callers.page.workflows(), accepted.run_id)
    return Victim(accepted.run_id, victim.request_id, victim.invoice_id)


async def timeline_of(callers: Callers, run_id: str) -> RunTimeline:
    return await callers.page.workflows().get_run_timeline(RunRef(run_id=run_id))


@pytest.mark.parametrize("transport", [over_rpc, over_openapi])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(place.path))
async def test_no_procedure_tells_a_rival_of_anothers_run_or_changes_it(
    callers: Callers, victim: Victim, place: ContractProcedure, transport: Any
) -> None:
    before = await timeline_of(callers, victim.run_id)
    unknown = Victim(UNKNOWN, victim.request_id, victim.invoice_id)
    statuses = set()
    asked = zip(inputs(place, victim), inputs(place, unknown), strict=True)
    for fields, about_nothing in asked:
        method, path, body = transport(place, fields)
        told = await callers.rival.fetch(method, path, content=body)
        statuses.add(told.status_code)
        said = told.text.replace(victim.invoice_id, "").replace(victim.run_id, UNKNOWN)
        assert not any(word in said for word in PRIVATE), told.text
        if "runId" in fields:
            method, path, body = transport(place, about_nothing)
            of_nothing = await callers.rival.fetch(method, path, content=body)
            assert (told.status_code, said) == (of_nothing.status_code, of_nothing.text)
            assert told.status_code in (400, 403, 404)
    assert statuses - {400}, "nothing was asked in a way the procedure understands"
    assert await timeline_of(callers, victim.run_id) == before


async def test_a_rivals_use_of_a_key_leaves_it_to_its_owner(
    callers: Callers, victim: Victim
) -> None:
    stolen = TriggerReconciliation(request_id=victim.request_id, invoice_id="of-the-rival")
    theirs = await callers.rival.workflows().trigger_reconciliation(stolen)
    assert theirs.run_id != victim.run_id
    again = TriggerReconciliation(request_id=victim.request_id, invoice_id=victim.invoice_id)
    own = await callers.page.workflows().trigger_reconciliation(again)
    assert own.run_id == victim.run_id


async def test_a_rivals_reconciliation_leaves_the_same_invoice_to_its_owner(
    callers: Callers, victim: Victim
) -> None:
    same = TriggerReconciliation(invoice_id=victim.invoice_id)
    theirs = await callers.rival.workflows().trigger_reconciliation(same)
    await probes.completed(callers.rival.workflows(), theirs.run_id)
    own = await callers.page.workflows().trigger_reconciliation(same)
    await probes.completed(callers.page.workflows(), own.run_id)


async def test_a_signed_call_for_a_rivals_tenant_finds_no_run(
    callers: Callers, victim: Victim
) -> None:
    """The system principal is bound to the tenant of its event, too."""
    before = await timeline_of(callers, victim.run_id)
    body = engine_call(victim.run_id, tenant_id="bolt")
    told = await callers.anybody.fetch("POST", FUNCTION, content=body, headers=signature(body))
    assert b"The tenant has no such run" in told.content
    assert await timeline_of(callers, victim.run_id) == before


@pytest.mark.parametrize(
    "place", list(walk(InvoicingPackage)), ids=lambda place: place.attributes[-1]
)
async def test_no_procedure_of_the_package_crosses_tenants(
    tmp_path: Path, place: ContractProcedure
) -> None:
    async with running_hq(tmp_path) as hq:
        run_id = await hq.registered()
        before = await hq.recorded(run_id)
        rival: Contract = hq.package(PEOPLE["bob"])
        for fields in inputs(place, Victim(run_id, "request-1", "invoice-1")):
            refused = await refusal(getattr(rival, place.attributes[-1]), fields)
            assert refused == ("NOT_FOUND" if "runId" in fields else None)
        assert await hq.recorded(run_id) == before
        assert (await hq.runs.get(run_id, tenant_id=ADA.tenant_id)).status == "queued"


async def refusal(procedure: Any, fields: dict[str, object]) -> str | None:
    """The code a call in process is refused with; a stream is read to its end."""
    try:
        answer = await procedure(fields)
        if hasattr(answer, "__aiter__"):
            async for _ in answer:
                pass
    except ORPCError as error:
        return error.code
    return None
