"""Following a run as it happens: a stream that can be resumed."""

from collections.abc import AsyncIterator

import pytest
from tests.scenarios.kit import HQ, fields

from rawr.testing.asgi import ASGIExchange
from rawr.wire.event_iterator import Done, Failed, Item, IteratorDecoder
from rawr.wire.openapi import OpenAPISerializer

Entry = tuple[str | None, str]
"""The event id of a stream item, and the status it tells of."""


class Stream:
    """The items of a response, as an event-stream client reads them."""

    def __init__(self, exchange: ASGIExchange) -> None:
        self.status = exchange.status
        self.content_type = exchange.headers["content-type"]
        self._items = self._read(exchange)

    async def next(self) -> Entry:
        return await anext(self._items)

    async def rest(self) -> list[Entry]:
        return [entry async for entry in self._items]

    async def _read(self, exchange: ASGIExchange) -> AsyncIterator[Entry]:
        decoder = IteratorDecoder(OpenAPISerializer())
        async for chunk in exchange.chunks():
            for item in decoder.feed(chunk):
                match item:
                    case Item(data, meta):
                        assert isinstance(data, dict)
                        yield meta.id, data["status"]
                    case Failed(error):
                        raise error
                    case Done():
                        return


def url(run_id: str) -> str:
    return f"/api/workflows/invoicing/runs/{run_id}/events"


WHOLE: list[Entry] = [("1", "queued"), ("2", "reconciling"), ("3", "completed")]


async def test_a_finished_run_is_told_from_the_beginning_and_the_stream_ends(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    async with hq.caller().stream("GET", url(run_id)) as exchange:
        stream = Stream(exchange)
        assert (stream.status, stream.content_type) == (200, "text/event-stream")
        assert await stream.rest() == WHOLE


async def test_events_arrive_as_they_happen(hq: HQ) -> None:
    async with hq.nothing_sent():
        run_id = await hq.accepted(invoiceId="inv-1")
        context = hq.caller().stream("GET", url(run_id))
        exchange = await context.__aenter__()
        stream = Stream(exchange)
        assert await stream.next() == WHOLE[0]
    await hq.settle()
    assert await stream.rest() == WHOLE[1:]
    await context.__aexit__(None, None, None)


@pytest.mark.parametrize("seen", [0, 1, 2])
async def test_a_resumed_stream_loses_and_repeats_nothing(hq: HQ, seen: int) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    caller = hq.caller(**{"last-event-id": str(seen)})
    async with caller.stream("GET", url(run_id)) as exchange:
        assert await Stream(exchange).rest() == WHOLE[seen:]


async def test_a_stream_resumed_after_the_end_ends_at_once(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    async with hq.caller(**{"last-event-id": "3"}).stream("GET", url(run_id)) as exchange:
        assert await Stream(exchange).rest() == []


async def test_a_watcher_that_left_in_the_middle_takes_up_where_it_was(hq: HQ) -> None:
    async with hq.nothing_sent():
        run_id = await hq.accepted(invoiceId="inv-1")
        async with hq.caller().stream("GET", url(run_id)) as exchange:
            assert await Stream(exchange).next() == WHOLE[0]
    await hq.settle()
    async with hq.caller(**{"last-event-id": "1"}).stream("GET", url(run_id)) as exchange:
        assert await Stream(exchange).rest() == WHOLE[1:]


@pytest.mark.parametrize("strange", ["abc", "-1", "\u00b2", "1.5", "9" * 40, ""])
async def test_an_id_that_is_none_of_ours_starts_over(hq: HQ, strange: str) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    async with hq.caller(**{"last-event-id": strange}).stream("GET", url(run_id)) as exchange:
        assert await Stream(exchange).rest() == WHOLE


async def test_a_run_that_never_was_is_refused_before_the_stream_begins(hq: HQ) -> None:
    response = await hq.caller().request("GET", url("run-that-never-was"))
    assert (response.status, fields(response)["code"]) == (404, "RUN_NOT_FOUND")


async def test_a_run_of_another_tenant_is_as_missing(hq: HQ) -> None:
    run_id = await hq.accepted("bob", invoiceId="inv-1")
    response = await hq.caller().request("GET", url(run_id))
    assert (response.status, fields(response)["code"]) == (404, "RUN_NOT_FOUND")


async def test_watching_needs_the_read_role(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    response = await hq.caller("writer").request("GET", url(run_id))
    assert (response.status, fields(response)["code"]) == (403, "FORBIDDEN")
