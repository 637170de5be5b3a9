"""The answer to a call, SDK to engine (Inngest wire, responses)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from rawr.durable.domain.backoff import parse_retry_after
from rawr.durable.domain.errors import ResponseRejected
from rawr.durable.domain.event import Json
from rawr.durable.domain.limits import MAX_RESPONSE_BYTES
from rawr.durable.domain.op import Errored, Reported, Response, Returned, RunError
from rawr.durable.protocol.opcodes import WireError, parse_ops
from rawr.durable.protocol.text import check_json, decode_lenient

_OK: Final = 200
_STREAMED: Final = 201
_PARTIAL: Final = 206
_REDIRECT_START: Final = 300
_EXCERPT: Final = 500  # characters of a foreign body shown in an error

_ERROR: Final = msgspec.json.Decoder(WireError)


class _Stream(msgspec.Struct):
    """What a 201 answer wraps, after white space that kept the connection alive."""

    status: int = _OK
    body: msgspec.Raw = msgspec.Raw(b"null")
    headers: dict[str, Json] = {}
    error: Json = None


_STREAM: Final = msgspec.json.Decoder(_Stream)


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An HTTP answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def parse_answer(answer: Answer, *, now_ms: int) -> Response:
    """Say what an answer means. Answers outside the protocol become errors that are retried."""
    try:
        _check_size(answer.body)
        if answer.status == _STREAMED:
            answer = _unwrap(answer)
        return _parse(answer, now_ms=now_ms)
    except ResponseRejected as error:
        return Errored(
            error=RunError(name=type(error).__name__, message=str(error)),
            no_retry=not error.retryable,
        )


def _check_size(body: bytes) -> None:
    if len(body) > MAX_RESPONSE_BYTES:
        raise ResponseRejected(
            f"output_too_large: the answer has {len(body)} bytes, the limit is {MAX_RESPONSE_BYTES}"
        )


def _unwrap(answer: Answer) -> Answer:
    try:
        stream = decode_lenient(_STREAM.decode, answer.body)
    except msgspec.MsgspecError as error:
        raise ResponseRejected(f"The streamed answer cannot be read ({error})") from error
    body = bytes(stream.body)
    if body[:1] == b'"':
        body = msgspec.json.decode(body, type=str).encode()
    inner = {name.lower(): str(value) for name, value in stream.headers.items()}
    return Answer(status=stream.status, headers={**answer.headers, **inner}, body=body)


def _parse(answer: Answer, *, now_ms: int) -> Response:
    if answer.status < _REDIRECT_START and "x-inngest-sdk" not in answer.headers:
        raise ResponseRejected("not_sdk: The response did not come from an Inngest SDK")
    if answer.status == _OK:
        return Returned(output=_json(answer.body))
    no_retry = answer.headers.get("x-inngest-no-retry") == "true"
    retry_after_ms = _retry_after(answer.headers, now_ms=now_ms)
    if answer.status == _PARTIAL:
        return Reported(
            ops=parse_ops(answer.body, no_retry=no_retry),
            request_version=_version(answer.headers),
            retry_after_ms=retry_after_ms,
        )
    return Errored(
        error=_call_error(answer, no_retry=no_retry),
        no_retry=no_retry,
        retry_after_ms=retry_after_ms,
    )


def _call_error(answer: Answer, *, no_retry: bool) -> RunError:
    short = "NonRetriableError" if no_retry else f"invalid status code: {answer.status}"
    try:
        wire, raw = decode_lenient(_read_error, answer.body)
    except (msgspec.MsgspecError, RecursionError):
        text = answer.body[:_EXCERPT].decode(errors="replace")
        return RunError(name="Error", message=text or short, error=short)
    return RunError(
        name=wire.name or "Error",
        message=wire.message or "",
        stack=wire.stack,
        cause=wire.cause,
        error=short,
        raw=raw,
    )


def _read_error(body: bytes) -> tuple[WireError, bytes]:
    check_json(body)
    return _ERROR.decode(body), body


def _json(body: bytes) -> bytes:
    text = body.strip()
    if not text:
        return b"null"
    try:
        return decode_lenient(_checked, text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ResponseRejected(f"The function's output is not JSON ({error})") from error


def _checked(text: bytes) -> bytes:
    check_json(text)
    return text


def _version(headers: Mapping[str, str]) -> int | None:
    try:
        return int(headers.get("x-inngest-req-version", ""))
    except ValueError:
        return None


def _retry_after(headers: Mapping[str, str], *, now_ms: int) -> int | None:
    value = headers.get("retry-after")
    return None if value is None else parse_retry_after(value, now_ms=now_ms)
