"""Responses taken apart again, for carriers that are not HTTP: batches and websockets."""

from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeAlias

import msgspec

from rawr.schema import UNDEFINED
from rawr.wire.body import StandardBody, parse_body

from ._response import Header, Response

WireHeaders: TypeAlias = dict[str, str | list[str]]

_OF_THE_BODY: Final = frozenset({"content-type", "content-disposition", "content-length"})


def wire_headers(headers: Iterable[Header]) -> WireHeaders:
    """Headers by name; a repeated one is a list."""
    found: WireHeaders = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        earlier = found.get(name)
        if earlier is None:
            found[name] = value
        else:
            found[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
    return found


def own_headers(headers: WireHeaders) -> WireHeaders:
    """The headers that say nothing of the body."""
    return {name: value for name, value in headers.items() if name not in _OF_THE_BODY}


def is_json(headers: WireHeaders) -> bool:
    """Whether a response with these headers carries JSON, or nothing."""
    content_type = headers.get("content-type", "application/json")
    return (
        isinstance(content_type, str)
        and content_type.startswith("application/json")
        and "content-disposition" not in headers
    )


def standard_body(content: bytes, headers: WireHeaders) -> StandardBody:
    """The standard body of a response; JSON goes on as it is written."""
    if not content and "content-type" not in headers:
        return UNDEFINED
    return msgspec.Raw(content) if is_json(headers) else parse_body(content, headers)


def is_event_stream(response: Response) -> bool:
    """Whether the body is an event iterator."""
    content_type = dict(response.headers).get(b"content-type", b"")
    return content_type.startswith(b"text/event-stream")


async def whole_body(response: Response) -> bytes:
    """The body, gathered if it comes in chunks."""
    body = response.body
    if isinstance(body, bytes):
        return body
    try:
        return b"".join([chunk async for chunk in body])
    finally:
        await close_chunks(body)


async def close_body(response: Response) -> None:
    """Let go of a body nobody reads."""
    if not isinstance(response.body, bytes):
        await close_chunks(response.body)


async def close_chunks(chunks: AsyncIterator[bytes]) -> None:
    """Close an iterator of chunks that can be closed."""
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
