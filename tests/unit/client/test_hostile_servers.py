"""Whatever a server answers, a call ends with a typed output or a typed error."""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import anyio
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.client.fakes import Api, FakeTransport, Item

from rawr.client import (
    BatchTransport,
    HTTPLink,
    HTTPResponse,
    LinkError,
    OpenAPILink,
    RPCLink,
    Transport,
    create_client,
)
from rawr.contract import Contract, ORPCError, get, procedure
from rawr.schema import File

URL = "https://hq.example/x"


class Files(Contract):
    file = procedure().output(File)
    anything = procedure().output(object)
    nested = get("/n").route(output_structure="detailed").output(dict[str, object])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(["json", "meta", "maps", "code", "status", "defined", "message", "n"])
            | st.text(max_size=3),
            children,
            max_size=5,
        )
    ),
    max_leaves=15,
)
META = st.lists(
    st.lists(st.integers(-1, 9) | st.sampled_from(["json", "n", "a", "__proto__"]), max_size=4),
    max_size=4,
)
PAYLOADS = st.fixed_dictionaries({}, optional={"json": JSON, "meta": META | JSON, "maps": META})
BODIES = (
    st.binary(max_size=200)
    | (JSON | PAYLOADS).map(lambda value: json.dumps(value).encode())
    | st.tuples(st.text(max_size=20), PAYLOADS).map(
        lambda pair: (
            f'--b\r\nContent-Disposition: form-data; name="data"{pair[0]}\r\n\r\n'
            f"{json.dumps(pair[1])}\r\n--b--\r\n"
        ).encode()
    )
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(
            [
                "application/json",
                "application/json; charset=x",
                "multipart/form-data; boundary=b",
                "multipart/form-data",
                "application/x-www-form-urlencoded",
                "text/plain",
                "text/html",
                "text/event-stream",
                "",
            ]
        ),
        "content-disposition": st.sampled_from(["", "inline", 'inline; filename="a%"', "\x00"]),
        "location": st.just("//x"),
    },
)
STATUSES = st.sampled_from([100, 200, 201, 204, 207, 301, 400, 404, 418, 500, 599, 999])


def links(transport: Transport) -> list[HTTPLink]:
    return [RPCLink(URL, client=transport), OpenAPILink(URL, client=transport)]


@settings(max_examples=400, deadline=None)
@given(status=STATUSES, headers=HEADERS, body=BODIES)
async def test_any_answer_ends_in_an_output_or_a_typed_error(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    transport = FakeTransport(lambda _request: HTTPResponse.of(status, headers, body))
    for link in links(transport):
        api, files = create_client(Api, link), create_client(Files, link)
        calls: list[Any] = [
            api.ping,
            lambda api=api: api.write(Item(n=1)),
            files.file,
            files.anything,
            files.nested,
        ]
        for call in calls:
            with suppress(ORPCError, LinkError):
                await call()
    assert transport.open_responses == 0


EVENTS = st.lists(
    st.binary(max_size=40)
    | st.builds(
        lambda event, data: f"event: {event}\ndata: {json.dumps(data)}\n\n".encode(),
        st.sampled_from(["message", "error", "done", "close", "x"]),
        PAYLOADS | JSON,
    )
    | st.sampled_from([b"\n", b"\r", b"\r\n\r\n", b": x\n\n", b"id: \xff\n", b"retry: -1\n\n"]),
    max_size=8,
)


@settings(max_examples=400, deadline=None)
@given(chunks=EVENTS)
async def test_any_stream_ends_or_fails_typed(chunks: list[bytes]) -> None:
    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    transport = FakeTransport(
        lambda _request: HTTPResponse(
            status=200, headers={"content-type": "text/event-stream"}, chunks=body()
        )
    )
    for link in links(transport):
        events = await create_client(Api, link).watch()
        with suppress(ORPCError, LinkError):
            async for item in events:
                assert isinstance(item, Item)
    assert transport.open_responses == 0


@pytest.mark.parametrize("media_type", ["application/json", "text/event-stream"])
@settings(max_examples=150, deadline=None)
@given(body=BODIES | EVENTS.map(b"".join), status=STATUSES)
async def test_any_batch_answer_ends_every_call(media_type: str, body: bytes, status: int) -> None:
    inner = FakeTransport(
        lambda _request: HTTPResponse.of(status, {"content-type": media_type}, body)
    )
    async with BatchTransport(inner) as transport:
        client = create_client(Api, RPCLink(URL, client=transport))

        async def call() -> None:
            with suppress(ORPCError, LinkError):
                assert isinstance(await client.write(Item(n=1)), Item)

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                tasks.start_soon(call)
    assert inner.open_responses == 0
