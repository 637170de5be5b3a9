"""Sending events to an Inngest server (Inngest wire, event API)."""

from http import HTTPStatus
from typing import Final

import httpx2
import inngest
import msgspec
from inngest._internal import client_lib, middleware_lib, net

from rawr.coordination import EngineUnavailable

_NO_KEY: Final = "NO_EVENT_KEY_SET"
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_BLAMELESS: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS})
"""Client errors that no event is to blame for."""
_SHOWN_CHARACTERS: Final = 200


class ServerAway(EngineUnavailable):
    """The server does not answer, or not as one that works."""


class EventsRefused(Exception):
    """The server refuses at least one of the events; the message says why."""


class _Answer(msgspec.Struct):
    ids: list[str] = []
    error: str | None = None


class EventApi:
    """The event API of one server; the client's middleware sees what is sent."""

    def __init__(self, client: inngest.Inngest, http: httpx2.AsyncClient, origin: str) -> None:
        self._client = client
        self._http = http
        self._origin = origin

    @property
    def url(self) -> str:
        """Where events are posted; it holds the event key."""
        return f"{self._origin}/e/{self._client.event_key or _NO_KEY}"

    async def send(self, events: list[inngest.Event], /) -> list[str]:
        """Have all events admitted.

        Raises:
            ServerAway: It can be tried again later.
            EngineUnavailable: The server does not know the event key.
            EventsRefused: It refuses one of them; others may have been admitted.
        """
        middleware = middleware_lib.MiddlewareManager.from_client(
            self._client, raw_request=None, timings=None
        )
        events = [event.model_copy(deep=True) for event in events]  # middleware changes them
        _raise(await middleware.before_send_events(events))
        ids = await self._post(events)
        _raise(await middleware.after_send_events(client_lib.SendEventsResult(ids=ids)))
        return ids

    async def _post(self, events: list[inngest.Event]) -> list[str]:
        headers = net.create_headers(env=self._client.env, framework=None, server_kind=None)
        body = [event.to_dict() for event in events]
        try:
            response = await self._http.post(
                self.url, content=msgspec.json.encode(body), headers=headers
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ServerAway(
                f"the Inngest server at {self._origin} cannot be reached: {_said(error)}"
            ) from error
        return self._ids(response)

    def _ids(self, response: httpx2.Response) -> list[str]:
        status = response.status_code
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except msgspec.DecodeError:
            answer = _Answer(error=response.text[:_SHOWN_CHARACTERS])
        if response.is_success:
            return answer.ids
        if status in _REFUSED:
            raise EngineUnavailable(
                f"the Inngest server at {self._origin} does not know the event key ({status}: "
                f"{answer.error}); set INNGEST_EVENT_KEY to one of its keys"
            )
        if status in _BLAMELESS or response.is_server_error:
            raise ServerAway(
                f"the Inngest server at {self._origin} takes no events ({status}: {answer.error})"
            )
        raise EventsRefused(f"{answer.error} ({status})")


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _raise(outcome: Exception | None) -> None:
    if outcome is not None:
        raise outcome
