"""What real clients do to a running server over batches, websockets and uploads."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from rawr.contract import Contract, EventIterator, ORPCError, get, procedure
from rawr.http import Request
from rawr.procedure import Call, Router, implement

from .golden_cases import EPOCH
from .golden_router import (
    ANY,
    Amount,
    Number,
    Payment,
    anything,
    identity,
    nothing,
    raising,
    rpc_stream,
    stored_file,
)

Headers = Mapping[str, str]


class Nested(Contract):
    headers = procedure().output(ANY)


class Live(Contract):
    echo = anything(procedure())
    read = anything(get())
    nothing = procedure()
    headers = procedure().output(ANY)
    conflict = procedure()
    custom = procedure()
    plain_error = procedure()
    defined = procedure().errors(Payment)
    validate = procedure().input(Number).output(int)
    file = anything(procedure())
    stream = procedure().input(ANY).streams(ANY)
    resume = procedure().input(Number).streams(Number)
    endless = procedure().streams(Number)
    many = procedure().streams(Number)
    slow = procedure()
    left = procedure().output(int)
    upload = procedure().input(ANY).output(ANY)
    collect = procedure().input(ANY).output(ANY)
    doubled = procedure().input(ANY).streams(ANY)
    first_of = procedure().input(ANY).output(ANY)
    nested: Nested


async def headers_context(request: Request) -> Headers:
    return request.headers


async def own_headers(context: Headers) -> dict[str, str | None]:
    return {"all": context.get("x-all"), "own": context.get("x-own")}


async def upload(_context: Headers, input: EventIterator[Any]) -> list[Any]:
    return [item async for item in input]


async def collect(_context: Headers, input: EventIterator[Any]) -> dict[str, Any]:
    items = [item async for item in input]
    return {"items": items, "result": input.result}


async def doubled(_context: Headers, input: EventIterator[Any]) -> AsyncIterator[Any]:
    async for item in input:
        yield item * 2


async def first_of(_context: Headers, input: EventIterator[Any]) -> Any:
    async with input:
        return await anext(input)


def live_router() -> Router[Headers]:
    os, nested = implement(Live, Headers), implement(Nested, Headers)
    nested.handler(Nested.headers)(own_headers)
    os.handler(Live.headers)(own_headers)
    for contract in (Live.echo, Live.read):
        os.handler(contract)(identity)
    os.handler(Live.nothing)(nothing)
    os.handler(Live.file)(stored_file)
    os.handler(Live.conflict)(raising(ORPCError("CONFLICT")))
    os.handler(Live.custom)(raising(ORPCError("CUSTOM", data={"d": EPOCH})))
    os.handler(Live.plain_error)(raising(RuntimeError("secret")))
    os.handler(Live.defined)(raising(Payment(Amount(amt=1))))
    os.stream(Live.stream)(rpc_stream)
    os.handler(Live.upload)(upload)
    os.handler(Live.collect)(collect)
    os.stream(Live.doubled)(doubled)
    os.handler(Live.first_of)(first_of)

    @os.handler(Live.validate)
    async def validate(_context: Headers, input: Number) -> int:
        return input.n

    @os.stream(Live.resume)
    async def resume(
        _context: Headers, input: Number, call: Call[Headers]
    ) -> AsyncIterator[Number]:
        yield Number(n=int(call.last_event_id or 0) + input.n)

    @os.stream(Live.many)
    async def many(_context: Headers) -> AsyncIterator[Number]:
        for n in range(2000):
            yield Number(n=n)

    left: list[str] = []

    @os.stream(Live.endless)
    async def endless(_context: Headers) -> AsyncIterator[Number]:
        try:
            yield Number(n=1)
            await asyncio.Event().wait()
        finally:
            left.append("endless")

    @os.handler(Live.slow)
    async def slow(_context: Headers) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("slow")

    @os.handler(Live.left)
    async def count(_context: Headers) -> int:
        return len(left)

    return os.router(nested=nested.router())
