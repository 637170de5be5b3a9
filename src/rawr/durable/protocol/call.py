"""The call request, engine to SDK (Inngest wire, call request)."""

import base64
import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from rawr.durable.domain.event import Event, Json
from rawr.durable.domain.limits import MAX_REQUEST_BYTES, MAX_REQUEST_STATE_BYTES
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import DeferStatus, RunState
from rawr.durable.domain.ulid import UlidError, parse_ulid
from rawr.durable.protocol.signing import canonical_json

ROOT_STEP_ID: Final = "step"
ACCOUNT_ID: Final = "00000000-0000-4000-a000-000000000000"

_NAMESPACE: Final = uuid.UUID("8f2c9a61-7a3e-5a0e-9d55-2f6c1d1b9a54")
_BASE32: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_JOB_ID_LENGTH: Final = 13

#: Pieces of bodies no larger than this are kept in their canonical form: a run sends its events and
#: the steps it has finished again with each call.
_KEPT_BYTES: Final = 2048

_encode = msgspec.json.encode


@lru_cache(maxsize=1024)
def function_uuid(function_id: str) -> str:
    """Return the id an SDK sees for a function: opaque, and the same in every process."""
    return str(uuid.uuid5(_NAMESPACE, function_id))


def app_uuid(app_id: str) -> str:
    """Return the id an SDK sees for an app: opaque, and the same in every process."""
    return str(uuid.uuid5(_NAMESPACE, f"app:{app_id}"))


def job_id(item: QueueItem) -> str:
    """Return the id an SDK sees for a queue item: thirteen lower-case letters and digits."""
    return _job_id(item.id)


@lru_cache(maxsize=1024)
def _job_id(number: int) -> str:
    letters = ""
    while number:
        number, digit = divmod(number, len(_BASE32))
        letters = _BASE32[digit] + letters
    return letters.rjust(_JOB_ID_LENGTH, "0")


def queue_item_reference(item: QueueItem) -> str:
    """Return the reference by which a checkpoint names the queue item of its call."""
    return base64.b64encode(f"{job_id(item)}::default".encode()).decode()


def parse_queue_item_reference(reference: str) -> int | None:
    """Return the queue item a checkpoint names, or `None` when the reference is malformed."""
    try:
        letters = base64.b64decode(reference, validate=True).decode().partition("::")[0]
        return int(letters, len(_BASE32))
    except ValueError:
        return None


def events_json(events: Iterable[Event]) -> bytes:
    """Return events as the JSON array an SDK fetches when a call says `use_api`."""
    return canonical_json(_encode([event.as_json() for event in events]))


def memos_json(memos: Mapping[str, bytes], inputs: Mapping[str, bytes] | None = None) -> bytes:
    """Return steps as the JSON object an SDK fetches when a call says `use_api`."""
    return canonical_json(_encode(_steps(memos, memos, inputs or {})))


def call_body(state: RunState, item: QueueItem, *, request_id: str) -> bytes:
    """Return the canonical JSON body of a call.

    State above the size limit is left out, and the SDK told to fetch it (`use_api`).
    """
    use_api = state.state_bytes > MAX_REQUEST_STATE_BYTES
    body = _body(state, item, request_id=request_id, use_api=use_api, with_events=True)
    if len(body) > MAX_REQUEST_BYTES:
        body = _body(state, item, request_id=request_id, use_api=True, with_events=False)
    return body


def _body(
    state: RunState, item: QueueItem, *, request_id: str, use_api: bool, with_events: bool
) -> bytes:
    events = [msgspec.Raw(_canonical(_encode(event.as_json()))) for event in state.run.events]
    steps = {} if use_api else _steps(state.memos, state.stack, state.inputs)
    # In the order of their names, as everything the engine makes itself.
    shape: dict[str, Json] = {
        "ctx": _context(state, item, request_id=request_id, use_api=use_api),
        "defers": {
            defer: {"abortable": one.status is DeferStatus.AFTER_RUN}
            for defer, one in sorted(state.deferrals.items())
        },
        "event": events[0],
        "events": events if with_events else [],
        "steps": {step: steps[step] for step in sorted(steps)},
        "use_api": use_api,
        "version": state.request_version,
    }
    body = _encode(shape)
    names = (state.run.id, item.step_id or "", *state.stack, *state.inputs, *state.deferrals)
    return body if all(map(_is_plain, names)) else canonical_json(body)


def _is_plain(name: str) -> bool:
    """True for a name that every encoder writes, and sorts, in the same way: SDKs send no other."""
    return name.isascii() and (name.isalnum() or not name)


def _canonical(body: bytes) -> bytes:
    return _kept_canonical(body) if len(body) <= _KEPT_BYTES else canonical_json(body)


_kept_canonical = lru_cache(maxsize=2048)(canonical_json)


def _steps(
    memos: Mapping[str, bytes], settled: Iterable[str], inputs: Mapping[str, bytes]
) -> dict[str, msgspec.Raw]:
    steps = {step: msgspec.Raw(_canonical(memos[step])) for step in settled}
    for step, given in inputs.items():
        steps.setdefault(step, msgspec.Raw(_canonical(b'{"input":' + given + b"}")))
    return steps


def _context(
    state: RunState, item: QueueItem, *, request_id: str, use_api: bool
) -> dict[str, Json]:
    targeted = item.step_id is not None
    return {
        "attempt": item.attempt,
        "disable_immediate_execution": state.force_step_plan,
        "env": "",
        "fn_id": function_uuid(state.run.function_id),
        "generation_id": item.generation,
        "job_id": job_id(item),
        "max_attempts": item.max_attempts,
        "qi_id": queue_item_reference(item),
        "request_id": request_id,
        "run_id": state.run.id,
        "stack": {"current": 0 if targeted else len(state.stack), "stack": list(state.stack)},
        "step_id": item.step_id or ROOT_STEP_ID,
        "use_api": use_api,
    }


def call_headers(state: RunState, item: QueueItem, *, request_id: str) -> dict[str, str]:
    """Return the headers of a call, without its signature."""
    return {
        "account-id": ACCOUNT_ID,
        "content-type": "application/json",
        "traceparent": _traceparent(state, item),
        "tracestate": _tracestate(state),
        "user-agent": "Inngest",
        "x-inngest-generation-id": str(item.generation),
        "x-inngest-job-id": job_id(item),
        "x-inngest-req-version": str(state.request_version),
        "x-inngest-step-id": item.step_id or ROOT_STEP_ID,
        "x-request-id": request_id,
        "x-run-id": state.run.id,
    }


def _traceparent(state: RunState, item: QueueItem) -> str:
    """Return the trace of a run, one for all its calls, and the span of one attempt at an item."""
    trace_id = _trace_id(state.run.id)
    return f"00-{trace_id}-{item.id & 0xFFFFFFFF:08x}{item.generation & 0xFFFFFFFF:08x}-01"


@lru_cache(maxsize=1024)
def _trace_id(run_id: str) -> str:
    try:
        ulid = parse_ulid(run_id)
    except UlidError:
        return uuid.uuid5(_NAMESPACE, run_id).hex
    return f"{ulid.millis:012x}{ulid.entropy.hex()}"


def _tracestate(state: RunState) -> str:
    return f"inngest@fn={function_uuid(state.run.function_id)}"
