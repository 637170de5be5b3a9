"""Calling an endpoint again as it was called first (Inngest wire, durable endpoints)."""

import msgspec

from rawr.durable.domain.errors import ResponseRejected
from rawr.durable.domain.event import Json
from rawr.durable.domain.limits import MAX_STEP_BYTES
from rawr.durable.domain.run import RunState
from rawr.durable.protocol.signing import SIGNATURE_HEADER, SignatureError, canonical_json

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class _Request(msgspec.Struct):
    method: str = "GET"
    content_type: str = ""
    body: str | None = None


class EndpointResult(msgspec.Struct):
    """What an endpoint answered, as its SDK reports it."""

    status: int = 200
    headers: dict[str, str] = {}
    body: str = ""


def endpoint_request(state: RunState) -> tuple[str, bytes, dict[str, str]]:
    """Return the method, the body and the headers that make an endpoint go on with a run.

    The SDK fetches the state itself. It knows the engine by the run and signature headers, so the
    second is there, empty, also where nothing is signed.
    """
    request = msgspec.convert(state.run.event.data, type=_Request, strict=False)
    method = request.method.upper()
    body = (request.body or "").encode() if method in _WITH_BODY else b""
    headers = {
        "x-inngest-force-step-plan": "true" if state.force_step_plan else "false",
        SIGNATURE_HEADER: "",
    }
    if request.content_type:
        headers["content-type"] = request.content_type
    return method, body, headers


def signable(body: bytes) -> bytes:
    """Return what an SDK checks the signature of: canonical JSON, or a body that is none."""
    try:
        return canonical_json(body)
    except SignatureError:
        return body


def endpoint_result(output: bytes) -> EndpointResult:
    """Return the answer an endpoint's run ended with.

    Raises:
        ResponseRejected: the SDK reported none, or a larger one than a step may have.
    """
    if len(output) > MAX_STEP_BYTES:
        raise ResponseRejected(f"The endpoint's answer has more than {MAX_STEP_BYTES} bytes")
    try:
        return msgspec.json.decode(output, type=EndpointResult, strict=False)
    except msgspec.MsgspecError as error:
        shown: Json = output[:200].decode(errors="replace")
        raise ResponseRejected(f"The run did not end with an answer: {shown}") from error
