"""A transport without a network, and a contract to call through it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import anyio

from rawr.client import HTTPRequest, HTTPResponse, LinkError, Transport
from rawr.contract import Contract, TypedError, get, post, procedure
from rawr.schema import Schema, SchemaMode

Answer: TypeAlias = HTTPResponse | LinkError
Respond: TypeAlias = Callable[[HTTPRequest], Answer | Awaitable[Answer]]


class Whatever:
    """A schema that takes values as they are."""

    def validate(self, value: object) -> Any:
        return value

    def dump(self, value: Any) -> object:
        return value

    def json_schema(
        self, mode: SchemaMode = "input", *, ref_template: str = ""
    ) -> dict[str, object]:
        return {}


ANY = Whatever()


class Item(Schema):
    n: int


class Busy(TypedError[Item], code="BUSY", status=503, retryable=True):
    """Busy."""


class Gone(TypedError[None], code="GONE", status=410):
    """Gone."""


class Api(Contract, errors=[Busy, Gone]):
    ping = procedure().output(str)
    read = get("/items/{n}").input(Item).output(Item)
    write = post("/items").input(Item).output(Item)
    watch = get("/events").streams(Item)
    forget = post("/forget").input(Item)


class FakeTransport(Transport):
    """Answers from a function, or from a list, one answer for each request."""

    def __init__(self, respond: Respond | list[Answer]) -> None:
        self._respond = respond
        self.requests: list[HTTPRequest] = []
        self.open_responses = 0
        self.closed = False

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        await anyio.lowlevel.checkpoint()
        self.requests.append(request)
        if isinstance(self._respond, list):
            answer: Any = self._respond[len(self.requests) - 1]
        else:
            answer = self._respond(request)
            if isinstance(answer, Awaitable):
                answer = await answer
        if isinstance(answer, LinkError):
            raise answer
        return self._counted(answer)

    async def aclose(self) -> None:
        self.closed = True

    def _counted(self, response: HTTPResponse) -> HTTPResponse:
        self.open_responses += 1

        async def close() -> None:
            self.open_responses -= 1

        return HTTPResponse(
            status=response.status, headers=response.headers, chunks=response.chunks, close=close
        )


def rpc(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An RPC answer."""
    return plain({"json": value}, status=status, headers=headers)


def plain(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    return HTTPResponse.of(
        status,
        {"content-type": "application/json", **(headers or {})},
        json.dumps(value).encode(),
    )


def failure(code: str, status: int, *, data: object = None, defined: bool = False) -> Answer:
    """An RPC error answer."""
    body = {"defined": defined, "code": code, "status": status, "message": code}
    return rpc(body if data is None else {**body, "data": data}, status=status)


def event(n: int, *, id: str | None = None, retry: int | None = None) -> bytes:
    """A `message` event."""
    head = f"id: {id}\n" if id else ""
    head += "" if retry is None else f"retry: {retry}\n"
    return f'event: message\n{head}data: {{"json":{{"n":{n}}}}}\n\n'.encode()


DONE = b"event: done\ndata: {}\n\n"


def events(*chunks: bytes | LinkError) -> Answer:
    """A stream; an error among the chunks is how its connection ends."""

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            await anyio.lowlevel.checkpoint()
            if isinstance(chunk, LinkError):
                raise chunk
            yield chunk

    return HTTPResponse(status=200, headers={"content-type": "text/event-stream"}, chunks=body())


class Sleeper:
    """Virtual time: nobody waits, every wait is noted, in seconds."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await anyio.lowlevel.checkpoint()

    def now(self) -> float:
        return sum(self.slept)
