"""Rules about the manifest and the published document, one changed fact at a time."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.policy.kit import check, places, write

from rawr.policy import RULES, CapabilityFact, ManifestFacts, ProcedureFact, SurfaceFact

CONTRACT = "packages/invoicing/workflows/contract.py"
MODULE = "packages.invoicing.workflows.contract"
TREE = {
    "rawr_hq.py": "manifest = object()\n",
    CONTRACT: (
        "from rawr.contract import Contract, get, post\n"
        "class InvoicingWorkflows(Contract):\n"
        '    trigger = post("/trigger")\n'
        '    get_status = get("/runs/{runId}")\n'
    ),
}
TRIGGER = ProcedureFact(
    attribute="trigger",
    method="POST",
    path="/invoicing/trigger",
    published=True,
    errors=("FORBIDDEN",),
)
STATUS = ProcedureFact(
    attribute="get_status",
    method="GET",
    path="/invoicing/runs/{runId}",
    published=True,
    errors=("FORBIDDEN",),
)
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
ANSWER = {"responses": {"200": {"content": {"application/json": {"schema": TEXT}}}}}


def surface(*procedures: ProcedureFact, **changes: Any) -> SurfaceFact:
    fact = SurfaceFact(
        kind="workflows",
        module=MODULE,
        contract="InvoicingWorkflows",
        procedures=procedures or (TRIGGER, STATUS),
        events=("invoicing.asked",),
    )
    return replace(fact, **changes)


def facts(
    *surfaces: SurfaceFact, paths: dict[str, Any] | None = None, **changes: Any
) -> ManifestFacts:
    shown = {
        "/api/workflows/invoicing/trigger": {"post": ANSWER},
        "/api/workflows/invoicing/runs/{runId}": {"get": ANSWER},
    }
    fact = ManifestFacts(
        capabilities=(CapabilityFact(name="invoicing", surfaces=surfaces or (surface(),)),),
        mounts={"api": "/api/orpc", "workflows": "/api/workflows"},
        openapi={"paths": {**shown, **(paths or {})}},
    )
    return replace(fact, **changes)


def found(root: Path, given: ManifestFacts) -> set[tuple[str, str]]:
    return places(check(write(root, TREE), facts=given))


def test_facts_that_are_right_violate_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, facts()) == set()


def test_a_procedure_at_the_root_of_its_capability_is_in_the_document(tmp_path: Path) -> None:
    root = replace(TRIGGER, path="/invoicing/")
    given = facts(surface(root, STATUS), paths={"/api/workflows/invoicing": {"post": ANSWER}})
    del given.openapi["paths"]["/api/workflows/invoicing/trigger"]
    assert found(tmp_path, given) == set()


REFUSED: list[tuple[str, str, Callable[[], ManifestFacts]]] = [
    (
        "RAWR006",
        "rawr_hq.py:1",
        lambda: facts(paths={"/api/inngest": {"put": ANSWER}}),
    ),
    (
        "RAWR009",
        "rawr_hq.py:1",
        lambda: facts(paths={"/rpc/invoicing/start": {"post": ANSWER}}),
    ),
    (
        "RAWR009",
        "rawr_hq.py:1",
        lambda: facts(
            openapi={**facts().openapi, "servers": [{"url": "https://hq.example.com/rpc"}]}
        ),
    ),
    (
        "RAWR011",
        f"{CONTRACT}:3",
        lambda: facts(surface(replace(TRIGGER, published=False), STATUS)),
    ),
    (
        "RAWR011",
        "rawr_hq.py:1",
        lambda: facts(paths={"/api/orpc/invoicing/internal": {"post": ANSWER}}),
    ),
    (
        "RAWR013",
        f"{CONTRACT}:3",
        lambda: facts(
            surface(replace(TRIGGER, path="/run"), STATUS),
            openapi={
                "paths": {
                    "/api/workflows/run": {"post": ANSWER},
                    "/api/workflows/invoicing/runs/{runId}": {"get": ANSWER},
                }
            },
        ),
    ),
    (
        "RAWR018",
        f"{CONTRACT}:2",
        lambda: facts(
            surface(TRIGGER),
            openapi={"paths": {"/api/workflows/invoicing/trigger": {"post": ANSWER}}},
        ),
    ),
    (
        "RAWR043",
        f"{CONTRACT}:4",
        lambda: facts(
            paths={
                "/api/workflows/invoicing/runs/{runId}": {
                    "get": {"responses": {"200": {"content": {"application/json": {}}}}}
                }
            }
        ),
    ),
    (
        "RAWR043",
        f"{CONTRACT}:4",
        lambda: facts(openapi={"paths": {"/api/workflows/invoicing/trigger": {"post": ANSWER}}}),
    ),
    (
        "RAWR043",
        "rawr_hq.py:1",
        lambda: facts(openapi={}, openapi_problem="two procedures share a route"),
    ),
    (
        "RAWR067",
        f"{CONTRACT}:3",
        lambda: facts(surface(replace(TRIGGER, errors=()), STATUS)),
    ),
    (
        "RAWR072",
        "rawr_hq.py:1",
        lambda: replace(
            facts(), capabilities=(CapabilityFact(name="billing", surfaces=()),), openapi={}
        ),
    ),
]


@pytest.mark.parametrize(
    ("rule", "place", "given"), REFUSED, ids=[f"{case[0]}-{n}" for n, case in enumerate(REFUSED)]
)
def test_a_fact_that_is_wrong_fires_its_rule_alone(
    rule: str, place: str, given: Callable[[], ManifestFacts], tmp_path: Path
) -> None:
    assert found(tmp_path, given()) == {(rule, place)}


def test_one_event_of_two_capabilities_is_two_paths(tmp_path: Path) -> None:
    other = CapabilityFact(
        name="billing",
        surfaces=(surface(replace(STATUS, path="/billing/runs", published=False)),),
    )
    given = facts()
    report = check(
        write(tmp_path, {**TREE, "packages/billing/errors.py": ""}),
        rules=["RAWR017"],
        facts=replace(given, capabilities=(*given.capabilities, other)),
    )
    assert places(report) == {("RAWR017", "rawr_hq.py:1")}


def test_a_contract_of_another_module_is_not_canonical(tmp_path: Path) -> None:
    moved = surface(module="plugins.workflows.invoicing.contract")
    report = check(write(tmp_path, TREE), rules=["RAWR024"], facts=facts(moved))
    assert places(report) == {("RAWR024", "rawr_hq.py:1")}


def test_a_plugin_outside_the_manifest_is_found(tmp_path: Path) -> None:
    write(tmp_path, {"plugins/api/invoicing/router.py": ""})
    report = check(write(tmp_path, TREE), rules=["RAWR061"], facts=facts())
    assert places(report) == {("RAWR061", "plugins/api/invoicing/router.py:1")}


def test_every_manifest_rule_is_tried() -> None:
    tried = {rule for rule, _, _ in REFUSED} | {"RAWR017", "RAWR024", "RAWR061"}
    assert tried == {rule.id for rule in RULES if rule.manifest}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        True,
        {"description": "anything"},
        {"type": "object", "properties": {"text": {}}},
        {"type": "array", "items": {}},
        {"$ref": "#/components/schemas/Anything"},
        {"$ref": "#/components/schemas/Missing"},
    ],
)
def test_schemas_that_accept_anything_are_degraded(schema: object, tmp_path: Path) -> None:
    answer = {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}
    given = facts(paths={"/api/workflows/invoicing/trigger": {"post": answer}})
    document = {**given.openapi, "components": {"schemas": {"Anything": {"title": "Anything"}}}}
    assert found(tmp_path, replace(given, openapi=document)) == {("RAWR043", f"{CONTRACT}:3")}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"$ref": "#/components/schemas/Loop"},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "array", "items": {"type": "string"}},
    ],
)
def test_schemas_that_say_something_are_not(schema: object, tmp_path: Path) -> None:
    answer = {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}
    given = facts(paths={"/api/workflows/invoicing/trigger": {"post": answer}})
    loop = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Loop"}}}
    document = {**given.openapi, "components": {"schemas": {"Loop": loop}}}
    assert found(tmp_path, replace(given, openapi=document)) == set()
