"""Reading what callers send: pages, times, JSON bodies."""

from typing import Final, TypeVar

import msgspec
from starlette.requests import Request

from rawr.durable.api._responses import BadRequest, read_body
from rawr.durable.domain.durations import DurationError, parse_instant_ms
from rawr.durable.domain.run import RunStatus
from rawr.durable.protocol.text import decode_lenient

T = TypeVar("T")

_DEFAULT_PAGE: Final = 20
_LARGEST_PAGE: Final = 100


def page_size(text: str | None) -> int:
    """How many items a caller wants at once.

    Raises:
        BadRequest: it is not a number from 1 to 100.
    """
    if text is None:
        return _DEFAULT_PAGE
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise BadRequest(f"limit must be a number from 1 to {_LARGEST_PAGE}")
    return int(text)


def instant(text: str | None, name: str) -> int | None:
    """A time in milliseconds since the epoch; `None` where none is given.

    Raises:
        BadRequest: it is no RFC 3339 instant.
    """
    if not text:
        return None
    try:
        return parse_instant_ms(text)
    except DurationError as error:
        raise BadRequest(f"{name}: {error}") from error


def run_status(text: str | None) -> RunStatus | None:
    """A status in any case; `None` where none is given.

    Raises:
        BadRequest: there is no such status.
    """
    if not text:
        return None
    try:
        return RunStatus(text.lower())
    except ValueError as error:
        known = ", ".join(status.value for status in RunStatus)
        raise BadRequest(f"status must be one of {known}") from error


async def json_body(request: Request, shape: type[T], *, limit: int) -> T:
    """The JSON body of a request; an absent one counts as an empty object.

    Raises:
        BadRequest: it does not have the shape.
        BodyTooLarge: it has more than `limit` bytes.
    """
    body = await read_body(request, limit=limit)
    try:
        return decode_lenient(msgspec.json.Decoder(shape).decode, body or b"{}")
    except msgspec.MsgspecError as error:
        raise BadRequest(f"The body is not as this route needs it: {error}") from error
