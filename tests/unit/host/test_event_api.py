"""Sending events to an Inngest server: what is sent, and who is to blame for a refusal."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import inngest
import pytest
from typing_extensions import override

from rawr.coordination import EngineUnavailable
from rawr.host._event_api import EventApi, EventsRefused, ServerAway

EVENT = inngest.Event(name="app/ping", data={"n": 1}, id="app/ping:run-1", ts=1)
Respond = Callable[[httpx2.Request], httpx2.Response]


def client_with(**options: Any) -> inngest.Inngest:
    return inngest.Inngest(
        app_id="app", is_production=False, logger=logging.getLogger("test"), **options
    )


@asynccontextmanager
async def event_api(
    respond: Respond, client: inngest.Inngest | None = None
) -> AsyncIterator[EventApi]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(respond)) as http:
        yield EventApi(client or client_with(), http, "http://server")


def answering(status: int, **body: Any) -> Respond:
    return lambda _request: httpx2.Response(status, json={"status": status, **body})


async def test_events_are_posted_with_their_ids_under_the_event_key() -> None:
    seen: list[httpx2.Request] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={"ids": ["one", "two"], "status": 200})

    async with event_api(respond, client_with(event_key="a-key", env="branch-1")) as api:
        assert await api.send([EVENT, EVENT]) == ["one", "two"]
    (request,) = seen
    assert str(request.url) == "http://server/e/a-key"
    assert request.headers["x-inngest-env"] == "branch-1"
    posted = json.loads(request.content)
    assert [event["id"] for event in posted] == ["app/ping:run-1"] * 2
    assert posted[0]["data"] == {"n": 1}


async def test_a_dev_server_is_sent_to_without_a_key() -> None:
    async with event_api(answering(200, ids=["one"])) as api:
        assert api.url == "http://server/e/NO_EVENT_KEY_SET"


async def test_the_clients_middleware_changes_what_is_sent_and_nothing_else() -> None:
    class Stamp(inngest.Middleware):
        @override
        async def before_send_events(self, events: list[inngest.Event]) -> None:
            for event in events:
                event.data = {**event.data, "stamped": event.data.get("stamped", 0)}
                event.name += "!"

    posted: list[Any] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        posted.extend(json.loads(request.content))
        return httpx2.Response(200, json={"ids": ["one"], "status": 200})

    async with event_api(respond, client_with(middleware=[Stamp])) as api:
        await api.send([EVENT])
        await api.send([EVENT])
    assert [event["name"] for event in posted] == ["app/ping!"] * 2
    assert EVENT.name == "app/ping"


@pytest.mark.parametrize("status", [404, 429, 500, 502, 503])
async def test_a_server_that_does_not_work_blames_no_event(status: int) -> None:
    async with event_api(answering(status, error="busy")) as api:
        with pytest.raises(ServerAway, match=f"{status}: busy"):
            await api.send([EVENT])


async def test_an_answer_that_is_no_json_is_shown() -> None:
    async with event_api(lambda _request: httpx2.Response(502, text="<html>")) as api:
        with pytest.raises(ServerAway, match="502: <html>"):
            await api.send([EVENT])


async def test_a_server_that_cannot_be_reached_blames_no_event() -> None:
    def respond(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    async with event_api(respond) as api:
        with pytest.raises(ServerAway, match="http://server cannot be reached: refused"):
            await api.send([EVENT])


@pytest.mark.parametrize("status", [401, 403])
async def test_a_wrong_event_key_is_named_and_not_shown(status: int) -> None:
    client = client_with(event_key="a-secret")
    async with event_api(answering(status, error="Event key not found"), client) as api:
        with pytest.raises(EngineUnavailable, match="set INNGEST_EVENT_KEY") as refused:
            await api.send([EVENT])
    assert "a-secret" not in str(refused.value)
    assert not isinstance(refused.value, ServerAway)


@pytest.mark.parametrize("status", [400, 413])
async def test_a_refused_event_is_to_blame(status: int) -> None:
    async with event_api(answering(status, ids=[], error="event too large")) as api:
        with pytest.raises(EventsRefused, match="event too large"):
            await api.send([EVENT])
