"""Procedure contracts: immutable builders over one definition."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from rawr.contract import (
    Contract,
    ContractError,
    Method,
    ORPCError,
    ProcedureContract,
    Route,
    TypedError,
    delete,
    get,
    patch,
    post,
    procedure,
    put,
)
from rawr.schema import Schema, adapt


class Ref(Schema):
    run_id: str


class NotFound(TypedError[Ref], code="NOT_FOUND"):
    """Not found."""


class OtherNotFound(TypedError[None], code="NOT_FOUND"):
    """Not there."""


class Gone(TypedError[None], code="GONE", status=410):
    """Gone."""


@pytest.mark.parametrize(
    ("start", "method"),
    [(get, "GET"), (post, "POST"), (put, "PUT"), (patch, "PATCH"), (delete, "DELETE")],
)
def test_a_contract_starts_with_a_method(start: Any, method: Method) -> None:
    route = start("/a").definition.route
    assert (route.method, route.path, route.effective_method) == (method, "/a", method)
    assert start().definition.route.path is None


def test_a_procedure_without_a_method_is_a_post() -> None:
    route = procedure().definition.route
    assert (route.method, route.effective_method) == (None, "POST")


def test_a_path_starts_with_a_slash() -> None:
    with pytest.raises(ContractError, match="write '/runs' for 'runs'"):
        get("runs")


BUILDS: dict[str, Any] = {
    "input": lambda contract: contract.input(Ref),
    "output": lambda contract: contract.output(Ref),
    "streams": lambda contract: contract.streams(Ref),
    "errors": lambda contract: contract.errors(NotFound),
    "meta": lambda contract: contract.meta(audience="internal"),
    "tag": lambda contract: contract.tag("a"),
    "publish": lambda contract: contract.publish(),
    "route": lambda contract: contract.route(path="/b", deprecated=True),
}


@pytest.mark.parametrize("name", BUILDS)
def test_every_step_gives_a_new_contract(name: str) -> None:
    before = get("/a")
    definition = before.definition
    after = BUILDS[name](before)
    assert after is not before
    assert before.definition is definition
    assert after.definition != definition


@settings(deadline=None)
@given(st.permutations([name for name in BUILDS if name != "streams"]))
def test_the_order_of_independent_steps_does_not_matter(names: list[str]) -> None:
    contract: ProcedureContract[Any, Any] = get("/a")
    for name in names:
        contract = BUILDS[name](contract)
    definition = contract.definition
    assert definition.input is not None
    assert definition.output is not None
    assert dict(definition.errors) == {"NOT_FOUND": NotFound}
    assert dict(definition.meta) == {"audience": "internal"}
    assert definition.published
    assert definition.route == Route(method="GET", path="/b", deprecated=True, tags=("a",))


def test_an_output_replaces_a_stream_and_the_other_way_round() -> None:
    contract = get().streams(int)
    assert contract.definition.streams
    assert not contract.output(int).definition.streams
    assert contract.output(int).streams(str).definition.streams


def test_errors_merge_and_the_later_of_one_code_wins() -> None:
    contract = get().errors(NotFound, Gone).errors(OtherNotFound)
    assert dict(contract.definition.errors) == {"NOT_FOUND": OtherNotFound, "GONE": Gone}


def test_metadata_merges() -> None:
    contract = get().meta(a=1, b=1).meta(b=2)
    assert dict(contract.definition.meta) == {"a": 1, "b": 2}


def test_declared_maps_cannot_be_changed() -> None:
    definition = get().errors(Gone).meta(a=1).definition
    for declared in (definition.errors, definition.meta):
        with pytest.raises(TypeError):
            declared["x"] = 1  # type: ignore[index]  # what is tested


def test_tags_add_up() -> None:
    assert get().tag("a").tag("b", "c").definition.route.tags == ("a", "b", "c")


def test_publishing_can_be_taken_back() -> None:
    assert not get().definition.published
    assert get().publish().definition.published
    assert not get().publish().publish(published=False).definition.published


def test_route_fields_merge_and_none_leaves_them() -> None:
    contract = get("/a").route(summary="s", success_status=201).route(deprecated=True, summary=None)
    assert contract.definition.route == Route(
        method="GET", path="/a", summary="s", success_status=201, deprecated=True
    )


def test_a_flag_can_be_cleared() -> None:
    assert not get().route(deprecated=True).route(deprecated=False).definition.route.deprecated


def test_an_adapter_may_stand_for_a_type() -> None:
    adapter = adapt(int)
    assert get().input(adapter).definition.input is adapter


def test_a_contract_tells_what_it_is() -> None:
    class Runs(Contract):
        status = get("/status").output(str)

    assert repr(Runs.status) == "<ProcedureContract status GET /status>"
    assert repr(procedure()) == "<ProcedureContract ? POST >"


@pytest.mark.parametrize("error", [ValueError, ORPCError("X"), ORPCError, TypedError, "X"], ids=str)
def test_only_classes_of_errors_with_a_code_can_be_declared(error: Any) -> None:
    with pytest.raises(ContractError, match="declare a class such as"):
        procedure().errors(error)


def test_other_methods_are_refused() -> None:
    method: Any = "FETCH"
    with pytest.raises(ContractError, match="'FETCH' is no method of a procedure; use HEAD, GET"):
        procedure().route(method=method)
