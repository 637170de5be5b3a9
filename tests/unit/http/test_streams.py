import asyncio

import pytest
from tests.unit.http.kit import Gate, rpc_client

from rawr.http import KeepAlive

OPENING = b": \n\n"
FIRST = b'event: message\ndata: {"json":{"n":1}}\n\n'


async def read(kind: str, **headers: str) -> bytes:
    response = await rpc_client().request(
        "POST", "/rpc/stream", headers=headers, body=b'{"json":"%b"}' % kind.encode()
    )
    assert response.status == 200
    assert response.headers == {"content-type": "text/event-stream"}
    return response.body


async def test_a_stream_opens_with_a_comment_and_ends_with_done() -> None:
    assert await read("short") == OPENING + FIRST + b"event: done\ndata: {}\n\n"


async def test_event_metadata_is_written_in_the_protocols_order() -> None:
    assert (
        b': hello\nevent: message\nretry: 1500\nid: e2\ndata: {"json":{"n":2}}\n\n'
        in await read("meta")
    )


async def test_a_declared_error_ends_the_stream() -> None:
    assert (await read("typed")).endswith(
        b'event: error\ndata: {"json":{"defined":true,"code":"PAYMENT","status":402,'
        b'"message":"Pay first.","data":{"amount":3}}}\n\n'
    )


async def test_an_unexpected_error_ends_the_stream_hidden_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert (await read("plain")).endswith(
        b'event: error\ndata: {"json":{"defined":false,"code":"INTERNAL_SERVER_ERROR",'
        b'"status":500,"message":"Internal server error"}}\n\n'
    )
    assert "hunter2" in caplog.text


@pytest.mark.usefixtures("caplog")
async def test_an_item_that_breaks_the_contract_ends_the_stream() -> None:
    assert b'"code":"EVENT_ITERATOR_VALIDATION_FAILED","status":500' in await read("bad item")


async def test_a_stream_resumes_after_the_last_event_id() -> None:
    body = await read("short", **{"last-event-id": "41"})
    assert body == OPENING + b'event: message\ndata: {"json":{"n":42}}\n\n' + (
        b"event: done\ndata: {}\n\n"
    )


async def test_leaving_closes_the_handlers_generator() -> None:
    gate = Gate()
    async with rpc_client(gate).stream(
        "POST", "/rpc/stream", body=b'{"json":"endless"}'
    ) as exchange:
        assert [await exchange.chunk(), await exchange.chunk()] == [OPENING, FIRST]
        await gate.entered.wait()
        exchange.disconnect()
        await exchange.ended()
        assert gate.left == ["stream"]


async def test_a_silent_stream_is_kept_alive_at_the_interval() -> None:
    gate = Gate()
    slept: list[float] = []
    ticks = asyncio.Semaphore(0)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await ticks.acquire()

    client = rpc_client(gate, keep_alive=KeepAlive(interval_seconds=7.0), sleep=sleep)
    async with client.stream("POST", "/rpc/stream", body=b'{"json":"endless"}') as exchange:
        assert [await exchange.chunk(), await exchange.chunk()] == [OPENING, FIRST]
        for _ in range(2):
            ticks.release()
            assert await exchange.chunk() == b": \n\n"
        gate.opened.set()
        assert await exchange.chunk() == b'event: message\ndata: {"json":{"n":2}}\n\n'
    assert set(slept) == {7.0}


async def test_a_stream_that_never_waits_needs_no_keep_alive() -> None:
    async def sleep(seconds: float) -> None:
        raise AssertionError

    response = await rpc_client(sleep=sleep).request(
        "POST", "/rpc/stream", body=b'{"json":"short"}'
    )
    assert response.status == 200


async def test_error_data_without_a_form_on_the_wire_is_hidden(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert (await read("unencodable")).endswith(
        b'event: error\ndata: {"json":{"defined":false,"code":"INTERNAL_SERVER_ERROR",'
        b'"status":500,"message":"Internal server error"}}\n\n'
    )
    assert [record.name for record in caplog.records] == ["rawr.http", "rawr.http"]
