"""What type checkers know of the rest of `rawr.contract`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, assert_type

from rawr.contract import (
    COMMON_ERRORS,
    ClientContext,
    Contract,
    ContractBuilder,
    ContractError,
    ContractProcedure,
    ErrorMap,
    Event,
    EventIterator,
    EventMeta,
    EventResult,
    Inherited,
    InvalidItem,
    Link,
    LinkCall,
    Method,
    ORPCError,
    ProcedureCall,
    ProcedureContract,
    ProcedureDefinition,
    Route,
    RouteFields,
    SafeResult,
    SpecOverride,
    Structure,
    TypedError,
    compose_contracts,
    delete,
    derive_contract,
    event_result,
    is_error_status,
    patch,
    put,
    safe,
    spec_of,
    walk,
    with_event_meta,
)


class Notes(Contract):
    replace = put("/notes/{id}").input(int).output(str)
    change = patch("/notes/{id}").input(int).output(str)
    forget = delete("/notes/{id}").input(int)


assert_type(Notes.replace, ContractBuilder[int, str])
assert_type(Notes.change, ContractBuilder[int, str])
assert_type(Notes.forget, ContractBuilder[int, None])
put(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
put("/x").errors(ValueError)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
put("/x").route(method="FETCH")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

assert_type(walk(Notes), Iterator[ContractProcedure])
assert_type(compose_contracts("All", {"notes": Notes}), type[Contract])
assert_type(derive_contract(Notes, lambda procedure: procedure.publish()), type[Notes])
assert_type(is_error_status(404), bool)
assert_type(COMMON_ERRORS["CONFLICT"], tuple[int, str])
assert_type(event_result(1), Any)
assert_type(with_event_meta(1, id="a", retry=5), Any)


def definitions(definition: ProcedureDefinition, call: LinkCall, inherited: Inherited) -> None:
    assert_type(definition.route, Route)
    assert_type(definition.errors, ErrorMap)
    assert_type(definition.streams, bool)
    assert_type(definition.route.effective_method, Method)
    assert_type(definition.route.input_structure, Structure)
    assert_type(definition.route.spec, SpecOverride | None)
    assert_type(call.contract, ProcedureContract[Any, Any])
    assert_type(call.context, ClientContext)
    assert_type(call.last_event_id, str | None)
    assert_type(inherited.apply(Notes.replace), ContractBuilder[int, str])


route: RouteFields = {"method": "GET", "tags": ("a",), "success_status": 201}
wrong: RouteFields = {"method": "FETCH"}  # type: ignore[typeddict-item]  # pyright: ignore[reportAssignmentType]
override: SpecOverride = {"security": []}
change: Callable[[dict[str, Any]], dict[str, Any]] = dict
also_override: SpecOverride = change
method: Literal["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"] = Route().effective_method


class Unready(TypedError[None], code="UNREADY", status=503, retryable=True):
    """Not ready."""


assert_type(spec_of(Unready), SpecOverride | None)
assert_type(Unready.retryable, bool)
failure: ORPCError[object] = InvalidItem()
mistake: Exception = ContractError("x")
end: EventResult[int] = EventResult(1)
assert_type(end.value, int)


async def events(stream: EventIterator[int], link: Link) -> None:
    async for item in stream.events():
        if isinstance(item, Event):
            assert_type(item.meta, EventMeta)
            assert_type(item.meta.retry, int | None)
    outcome: SafeResult[str] = await safe(Notes(link).replace(1))
    assert_type(outcome.is_success, bool)


async def bound(call: ProcedureCall, context: Mapping[str, object]) -> None:
    client_context: ClientContext = context
    assert_type(await call(1, context=client_context, last_event_id="e1"), Any)
