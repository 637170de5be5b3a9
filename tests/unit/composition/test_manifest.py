from typing import Any

import inngest
import pytest
from tests.unit.composition.kit import Context, Seen, Text, capability, host_ports

from rawr.composition import (
    CompositionError,
    Manifest,
    compose_capabilities,
    define_capability,
)
from rawr.contract import ContractError, compose_contracts, walk
from rawr.coordination import EventType

Asked = EventType("alpha.asked", Text)
PORTS = host_ports()


def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False)


def places(manifest: Manifest) -> dict[str, list[tuple[str, str | None]]]:
    return {
        name: [
            ("/".join(place.path), place.contract.definition.route.path)
            for place in walk(getattr(manifest, name).contract)
        ]
        for name in ("orpc", "api", "workflows")
    }


def test_an_hq_has_a_name() -> None:
    assert compose_capabilities([]).name == "HQ"
    assert compose_capabilities([], name="Acme").name == "Acme"
    with pytest.raises(CompositionError, match="the name of the HQ is blank"):
        compose_capabilities([], name=" ")


def test_the_contract_tree_names_capability_surface_procedure() -> None:
    assert places(compose_capabilities([capability("alpha"), capability("beta")])) == {
        "orpc": [
            ("alpha/api/echoText", "/alpha/echo"),
            ("alpha/workflows/readText", "/alpha/read"),
            ("beta/api/echoText", "/beta/echo"),
            ("beta/workflows/readText", "/beta/read"),
        ],
        "api": [("alpha/echoText", "/alpha/echo"), ("beta/echoText", "/beta/echo")],
        "workflows": [("alpha/readText", "/alpha/read"), ("beta/readText", "/beta/read")],
    }


def test_capability_names_are_camel_case_on_the_wire() -> None:
    manifest = compose_capabilities([capability("accounts_payable")])
    assert [path for path, _ in places(manifest)["orpc"]] == [
        "accountsPayable/api/echoText",
        "accountsPayable/workflows/readText",
    ]


def test_each_view_has_a_router_of_its_own_contract() -> None:
    manifest = compose_capabilities([capability("alpha"), capability("beta")])
    for view in (manifest.orpc, manifest.api, manifest.workflows):
        router = view.create_router()
        assert router.contract is view.contract
        assert [place.path for place in router.walk()] == [
            place.path for place in walk(view.contract)
        ]


def test_a_capability_may_have_one_surface_only() -> None:
    small = capability("alpha")
    manifest = compose_capabilities(
        [define_capability("alpha", provide=lambda _: "", workflows=small.workflows)]
    )
    assert places(manifest)["api"] == []
    assert places(manifest)["orpc"] == [("alpha/workflows/readText", "/alpha/read")]
    assert list(manifest.api.create_router().walk()) == []


def test_an_hq_may_be_empty() -> None:
    manifest = compose_capabilities([])
    assert places(manifest) == {"orpc": [], "api": [], "workflows": []}
    assert manifest.bind(PORTS).functions(client()) == []


def test_two_capabilities_of_one_name_are_refused() -> None:
    with pytest.raises(CompositionError, match="the namespace alpha is declared twice"):
        compose_capabilities([capability("alpha"), capability("alpha", prefix="/other")])


def test_two_capabilities_whose_wire_names_collide_are_refused() -> None:
    with pytest.raises(ContractError, match="accountsPayable"):
        compose_capabilities([capability("accounts_payable"), capability("accounts__payable")])


def test_two_procedures_on_one_route_are_refused() -> None:
    with pytest.raises(CompositionError, match="the route POST /alpha/echo is declared twice"):
        compose_capabilities([capability("alpha"), capability("beta", prefix="/alpha")])


def test_routes_that_differ_in_parameter_names_only_are_one_route() -> None:
    with pytest.raises(CompositionError, match=r"the route POST /\{\}/echo is declared twice"):
        compose_capabilities(
            [capability("alpha", prefix="/{a}"), capability("beta", prefix="/{b}")]
        )


def test_an_event_nobody_listens_to_is_refused() -> None:
    manifest = compose_capabilities(
        [capability(events=[Asked], listeners=[("fn", "something.else")])]
    )
    with pytest.raises(CompositionError, match=r"no durable function listens to alpha\.asked"):
        manifest.bind(PORTS).functions(client())


def test_a_listener_of_another_capability_will_do() -> None:
    manifest = compose_capabilities(
        [
            capability("alpha", events=[Asked]),
            capability("beta", listeners=[("fn", "alpha.asked")]),
        ]
    )
    assert len(manifest.bind(PORTS).functions(client())) == 1


def test_two_functions_of_one_id_are_refused() -> None:
    manifest = compose_capabilities(
        [capability("alpha", listeners=[("fn", "a")]), capability("beta", listeners=[("fn", "b")])]
    )
    with pytest.raises(CompositionError, match="the durable function app-fn is declared twice"):
        manifest.bind(PORTS).functions(client())


def test_every_function_is_made_with_the_one_client() -> None:
    seen = Seen()
    manifest = compose_capabilities(
        [
            capability("alpha", listeners=[("one", "a"), ("two", "b")], seen=seen),
            capability("beta", listeners=[("three", "c")], seen=seen),
        ]
    )
    only = client()
    functions = manifest.bind(PORTS).functions(only)
    assert [function.id for function in functions] == ["app-one", "app-two", "app-three"]
    assert seen.clients == [only, only]


def test_binding_provides_each_capability_once() -> None:
    seen = Seen()
    manifest = compose_capabilities([capability("alpha", seen=seen), capability("beta", seen=seen)])
    assert seen.ports == []
    bound = manifest.bind(PORTS)
    bound.api_contexts()
    bound.workflow_contexts()
    bound.functions(client())
    assert seen.ports == [PORTS, PORTS]


def test_each_capability_has_its_own_context_factory_with_its_own_ports() -> None:
    bound = compose_capabilities([capability("alpha"), capability("beta")]).bind(PORTS)
    boundary: Any = object()
    for factories in (bound.api_contexts(), bound.workflow_contexts()):
        assert {name: make(boundary) for name, make in factories.items()} == {
            "alpha": Context(boundary, "alpha"),
            "beta": Context(boundary, "beta"),
        }


def test_a_context_is_made_anew_for_each_request() -> None:
    make = compose_capabilities([capability()]).bind(PORTS).api_contexts()["alpha"]
    boundary: Any = object()
    assert make(boundary) is not make(boundary)


def test_one_manifest_can_be_bound_twice_without_either_knowing() -> None:
    seen = Seen()
    manifest = compose_capabilities([capability(seen=seen)])
    other = host_ports()
    first, second = manifest.bind(PORTS), manifest.bind(other)
    assert first is not second
    assert seen.ports == [PORTS, other]


def test_roles_and_events_of_all_capabilities_come_together() -> None:
    manifest = compose_capabilities(
        [
            capability("alpha", roles=["read", "write"], events=[Asked]),
            capability("beta", roles=["read", "admin"]),
        ]
    )
    assert manifest.roles == {"read", "write", "admin"}
    assert manifest.events == (Asked,)


def test_a_contract_written_out_becomes_the_root() -> None:
    alpha = capability("alpha")
    assert alpha.api is not None
    assert alpha.workflows is not None
    node = compose_contracts(
        "Alpha", {"api": alpha.api.contract, "workflows": alpha.workflows.contract}
    )
    root = compose_contracts("Root", {"alpha": node})
    manifest = compose_capabilities([alpha], contract=root)
    assert manifest.orpc.contract is root
    assert manifest.orpc.create_router().contract is root


def test_a_contract_that_says_something_else_is_refused() -> None:
    alpha, beta = capability("alpha"), capability("beta")
    assert alpha.api is not None
    root = compose_contracts("Root", {"alpha": compose_contracts("A", {"api": alpha.api.contract})})
    with pytest.raises(CompositionError, match="differ in alpha, beta"):
        compose_capabilities([alpha, beta], contract=root)
