"""What type checkers infer of links, safe results and the client for threads."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import assert_type

import anyio
import httpx2

from rawr.client import (
    CallContext,
    Failure,
    LinkError,
    OpenAPILink,
    ReconnectLink,
    RetryLink,
    RPCLink,
    Success,
    SyncClient,
    contract_method,
    create_client,
    safe,
)
from rawr.contract import Contract, EventIterator, Link, LinkCall, ORPCError, get, post
from rawr.schema import Schema


class Ref(Schema):
    run_id: str


class Runs(Contract):
    status = get("/{runId}").input(Ref).output(str)
    watch = get("/{runId}/events").input(Ref).streams(int)
    ping = post().output(bool)


async def token(call: LinkCall) -> dict[str, str]:
    return {"authorization": call.path[0]}


def links(client: httpx2.AsyncClient) -> None:
    RPCLink("https://hq/rpc", headers=token, client=client, method=contract_method)
    OpenAPILink("https://hq/api", headers={"x-a": "1"}, client=client)
    RPCLink("https://hq/rpc", method="HEAD")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ReconnectLink(RetryLink(RPCLink("https://hq/rpc"), max_attempts=5))


async def calls() -> None:
    async with RPCLink("https://hq/rpc") as link:
        assert_type(link, RPCLink)
        runs = create_client(Runs, link)
        status = await runs.status(Ref(run_id="1"), context=CallContext(timeout=1.5, headers={}))
        assert_type(status, str)
        CallContext(timeout="1")  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]

        result = await safe(runs.status(Ref(run_id="1")))
        assert_type(result, Success[str] | Failure)
        if result.error is None:
            assert_type(result.data, str)
        else:
            assert_type(result.data, None)
            if isinstance(result.error, LinkError):
                assert_type(result.error.retryable, bool)
            else:
                assert_type(result.error.code, str)
        match result:
            case Success(data):
                assert_type(data, str)
            case Failure(ORPCError() as error):
                assert_type(error.status, int)
            case _:
                pass
        assert_type(await runs.watch(Ref(run_id="1")), EventIterator[int])


async def tasks() -> None:
    runs = create_client(Runs, RPCLink("https://hq/rpc"))
    async with asyncio.TaskGroup() as group:
        assert_type(group.create_task(runs.status(Ref(run_id="1"))), asyncio.Task[str])
    async with anyio.create_task_group() as anyio_group:
        anyio_group.start_soon(runs.status, Ref(run_id="1"))
    assert_type(await asyncio.wait_for(runs.ping(), 1), bool)


@asynccontextmanager
async def make_link() -> AsyncIterator[Link]:
    async with RetryLink(RPCLink("https://hq/rpc")) as link:
        assert_type(link, RetryLink)
        yield link


def threads() -> None:
    assert_type(SyncClient(Runs, make_link).client, Runs)
    with SyncClient(Runs, lambda: RPCLink("https://hq/rpc")) as hq:
        assert_type(hq.call(hq.client.ping), bool)
        assert_type(hq.call(hq.client.status, Ref(run_id="1"), context=CallContext()), str)
        assert_type(hq.iterate(hq.client.watch, Ref(run_id="1")), Generator[int, None, object])
        hq.call(hq.client.status)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        hq.iterate(hq.client.status, Ref(run_id="1"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
