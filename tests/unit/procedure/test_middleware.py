"""Middleware made of middleware, and markers for what runs once."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from rawr.contract import Contract, MetaKey, ORPCError
from rawr.procedure import (
    Call,
    Markers,
    Middleware,
    Next,
    call,
    concat,
    create_router_client,
    map_input,
    once,
    procedures,
)

ROLE = MetaKey[str]("role", default="reader")


def noting(name: str, notes: list[str]) -> Middleware[Any]:
    async def middleware(call: Call[Any], next: Next[Any]) -> object:
        notes.append(f"{name} in {call.input}")
        output = await next(call.with_context(f"{call.context}{name}"))
        notes.append(f"{name} out {output}")
        return output

    return middleware


@procedures(str).input(int).handler
async def plain(context: str, input: int) -> str:
    return f"{context}:{input}"


async def run(middleware: Middleware[Any], input: int) -> Any:
    return await middleware(Call(path=(), contract=plain, context="", input=input), plain)


async def test_two_become_one_the_first_around_the_second() -> None:
    notes: list[str] = []
    both = concat(noting("a", notes), noting("b", notes))
    assert await run(both, 1) == "ab:1"
    assert notes == ["a in 1", "b in 1", "b out ab:1", "a out ab:1"]


async def test_concat_is_associative() -> None:
    notes: list[str] = []
    a, b, c = (noting(name, notes) for name in "abc")
    left = await run(concat(concat(a, b), c), 1)
    first, notes[:] = notes.copy(), []
    assert (await run(concat(a, concat(b, c)), 1), notes) == (left, first)


async def test_a_mapped_input_is_seen_by_the_middleware_alone() -> None:
    notes: list[str] = []
    mapped: Middleware[str, str, int] = map_input(noting("a", notes), lambda number: number * 10)
    assert await run(concat(mapped, noting("b", notes)), 2) == "ab:2"
    assert notes == ["a in 20", "b in 2", "b out ab:2", "a out ab:2"]


@dataclass(frozen=True)
class Context:
    principal: str = "ada"
    roles: frozenset[str] = frozenset({"reader"})
    checks: list[str] = field(default_factory=list)
    markers: Markers = field(default_factory=Markers)


async def check_role(call: Call[Context], next: Next[Context]) -> object:
    role = ROLE.of(call.contract)
    call.context.checks.append(f"{call.context.principal}:{role}")
    if role not in call.context.roles:
        raise ORPCError("FORBIDDEN")
    return await next(call)


guarded = procedures(Context).use(once(check_role, per=lambda call: ROLE.of(call.contract)))


@guarded.handler
async def leaf(context: Context) -> str:
    return "leaf"


@guarded.meta(ROLE("writer")).handler
async def write(context: Context) -> str:
    return "written"


class Leaves(Contract):
    leaf = leaf
    write = write


@guarded.handler
async def nest(context: Context) -> list[str]:
    client = create_router_client(Leaves, guarded.router(Leaves), context)
    return [await client.leaf(), await client.leaf()]


async def test_nested_calls_of_a_chain_skip_what_is_through() -> None:
    context = Context()
    assert await call(nest, context=context) == ["leaf", "leaf"]
    assert context.checks == ["ada:reader"]
    assert repr(context.markers) == "<Markers: 1 set, 0 values>"


async def test_another_chain_runs_it_again() -> None:
    checks: list[str] = []
    for _ in range(2):
        await call(leaf, context=Context(checks=checks))
    assert checks == ["ada:reader"] * 2


async def test_another_principal_gets_markers_of_its_own() -> None:
    context = Context()
    await call(leaf, context=context)
    await call(leaf, context=replace(context, principal="bob", markers=Markers()))
    assert context.checks == ["ada:reader", "bob:reader"]


async def test_what_differs_per_call_is_marked_apart() -> None:
    context = Context(roles=frozenset({"reader", "writer"}))
    for procedure in (leaf, write, leaf, write):
        await call(procedure, context=context)
    assert context.checks == ["ada:reader", "ada:writer"]


async def test_a_refusal_is_not_marked() -> None:
    context = Context()
    for _ in range(2):
        with pytest.raises(ORPCError):
            await call(write, context=context)
    assert context.checks == ["ada:writer"] * 2


async def test_once_without_per_is_once_for_all() -> None:
    context = Context(roles=frozenset({"reader", "writer"}))
    strict = procedures(Context).use(once(check_role))
    for builder in (strict, strict.meta(ROLE("writer"))):
        await call(builder.handler(leaf.handler), context=context)
    assert context.checks == ["ada:reader"]


async def test_a_value_is_made_once_even_in_parallel() -> None:
    markers, made = Markers(), []

    async def connect() -> str:
        await asyncio.sleep(0)
        made.append(1)
        return "connection"

    values = await asyncio.gather(*(markers.cached("db", connect) for _ in range(5)))
    assert values == ["connection"] * 5
    assert made == [1]


async def test_a_value_that_could_not_be_made_is_tried_again() -> None:
    markers, failures = Markers(), [ConnectionError("down")]

    async def connect() -> str:
        if failures:
            raise failures.pop()
        return "connection"

    with pytest.raises(ConnectionError):
        await markers.cached("db", connect)
    assert await markers.cached("db", connect) == "connection"
