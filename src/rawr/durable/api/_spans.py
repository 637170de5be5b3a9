"""The trace of a run: a span for the run, one for each step, one for its end."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rawr.durable.api._metadata import metadata_json
from rawr.durable.api._responses import NotFound, iso
from rawr.durable.domain.event import Json
from rawr.durable.domain.metadata import Metadata
from rawr.durable.domain.op import Opcode
from rawr.durable.domain.run import RunStatus
from rawr.durable.domain.span import Span
from rawr.durable.domain.step import StepRecord, StepStatus
from rawr.durable.engine import RunView

_STEP_OPS: Final[Mapping[Opcode, str]] = {
    Opcode.STEP_RUN: "RUN",
    Opcode.STEP_PLANNED: "RUN",
    Opcode.SLEEP: "SLEEP",
    Opcode.WAIT_FOR_EVENT: "WAIT_FOR_EVENT",
    Opcode.WAIT_FOR_SIGNAL: "WAIT_FOR_SIGNAL",
    Opcode.INVOKE: "INVOKE",
    Opcode.AI_GATEWAY: "AI_GATEWAY",
}
_STEP_STATUS: Final[Mapping[StepStatus, str]] = {
    StepStatus.OPEN: "RUNNING",
    StepStatus.ERRORED: "RUNNING",
    StepStatus.COMPLETED: "COMPLETED",
    StepStatus.FAILED: "FAILED",
}
_RAW_MEMOS: Final = frozenset({Opcode.SLEEP, Opcode.WAIT_FOR_EVENT, Opcode.STEP, Opcode.DEFER_ADD})


#: The status of a span that tells of an error.
_ERROR_CODE: Final = 2


class _Detail(msgspec.Struct):
    kind: str
    status: dict[str, Json]
    scope: dict[str, Json]
    attributes: dict[str, Json]
    resource: dict[str, Json]


class _Memo(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"")
    error: dict[str, Json] | None = None


def status_name(run: RunView) -> str:
    """A status as GraphQL and the second REST API spell it."""
    return run.status.value.upper()


def optional_iso(time_ms: int | None) -> str | None:
    """A time as an RFC 3339 instant, if there is one."""
    return None if time_ms is None else iso(time_ms)


def trace_json(
    run: RunView,
    steps: Sequence[StepRecord],
    metadata: Sequence[Metadata] = (),
    userland: Sequence[Span] = (),
) -> dict[str, Json]:
    """The span of a run with those of its steps, in the order in which they were settled.

    What an app told of the work inside a step is below it, all in one list.
    """
    attached: dict[str | None, list[Json]] = {}
    for one in metadata:
        attached.setdefault(one.step_id, []).append(metadata_json(one))
    inside: dict[str, list[Json]] = {step.id: [] for step in steps}
    outside: list[Json] = []
    for span in userland:
        inside.get(span.step_id, outside).append(_userland_span(run, span))
    spans: list[Json] = [
        {
            **_step_span(run, step),
            "metadata": attached.get(step.id, []),
            "childrenSpans": inside[step.id],
        }
        for step in steps
    ]
    if run.status in {RunStatus.COMPLETED, RunStatus.FAILED}:
        spans.append(_end_span(run))
    root = {**_root_span(run), "metadata": attached.get(None, [])}
    return {**root, "childrenSpans": [*spans, *outside]}


def run_output(run: RunView) -> dict[str, Json]:
    """What a run returned, as JSON text, or the error it ended with."""
    if run.output is None:
        return {"input": None, "data": None, "error": None}
    if run.status is RunStatus.FAILED:
        error = _error_json(msgspec.json.decode(run.output))
        return {"input": None, "data": None, "error": error}
    return {"input": None, "data": run.output.decode(), "error": None}


def step_output(step: StepRecord) -> dict[str, Json]:
    """What a step returned, as JSON text, or the error it failed with."""
    if step.memo is None:
        error = None if step.error is None else msgspec.json.decode(step.error)
        return {"input": None, "data": None, "error": _error_json(error)}
    if step.op in _RAW_MEMOS:
        return {"input": None, "data": step.memo.decode(), "error": None}
    memo = msgspec.json.decode(step.memo, type=_Memo)
    data = bytes(memo.data).decode() or None
    return {"input": None, "data": data, "error": _error_json(memo.error)}


def parse_output_id(text: str) -> tuple[str, str | None]:
    """The run, and the step if it is one of a step, an output id stands for.

    Raises:
        NotFound: it is no output id.
    """
    try:
        reference = base64.b64decode(text, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise NotFound("No span has this output id") from error
    run_id, separator, step_id = reference.partition(":")
    return run_id, step_id if separator else None


def _root_span(run: RunView) -> dict[str, Json]:
    return {
        "appID": None,
        "functionID": run.function_id,
        "name": run.function_id,
        "runID": run.id,
        "run": {"id": run.id, "status": status_name(run)},
        "spanID": _output_id(run.id),
        "traceID": run.id,
        "parentSpanID": None,
        "parentSpan": None,
        "isRoot": True,
        "isUserland": False,
        "userlandSpan": None,
        "status": status_name(run),
        "attempts": 1,
        "queuedAt": iso(run.created_at),
        "startedAt": optional_iso(run.started_at),
        "endedAt": optional_iso(run.ended_at),
        "duration": _duration(run.started_at, run.ended_at),
        "outputID": None if run.output is None else _output_id(run.id),
        "stepID": None,
        "stepOp": None,
        "stepInfo": None,
        "metadata": [],
    }


def _step_span(run: RunView, step: StepRecord) -> dict[str, Json]:
    has_output = step.memo is not None or step.error is not None
    # A step that has not settled ends with its run.
    ended_at = step.ended_at or run.ended_at
    return {
        **_root_span(run),
        "name": step.name,
        "spanID": _output_id(run.id, step.id),
        "parentSpanID": _output_id(run.id),
        "isRoot": False,
        "status": _step_status(run, step),
        "attempts": step.attempts,
        "queuedAt": iso(step.started_at),
        "startedAt": iso(step.started_at),
        "endedAt": optional_iso(ended_at),
        "duration": _duration(step.started_at, ended_at),
        "outputID": _output_id(run.id, step.id) if has_output else None,
        "stepID": step.id,
        "stepOp": _STEP_OPS.get(step.op),
        "childrenSpans": [],
    }


def _step_status(run: RunView, step: StepRecord) -> str:
    if step.memo is None and run.status.is_terminal:
        return "CANCELLED"
    return _STEP_STATUS[step.status]


def _userland_span(run: RunView, span: Span) -> dict[str, Json]:
    detail = msgspec.json.decode(span.detail, type=_Detail)
    return {
        **_root_span(run),
        "name": span.name,
        "spanID": span.id,
        "parentSpanID": span.parent_id or None,
        "isRoot": False,
        "isUserland": True,
        "userlandSpan": {
            "spanName": span.name,
            "spanKind": detail.kind,
            "serviceName": detail.resource.get("service.name"),
            "scopeName": detail.scope.get("name"),
            "scopeVersion": detail.scope.get("version"),
            "spanAttrs": msgspec.json.encode(detail.attributes).decode(),
            "resourceAttrs": msgspec.json.encode(detail.resource).decode(),
        },
        "status": "FAILED" if detail.status.get("code") == _ERROR_CODE else "COMPLETED",
        "queuedAt": iso(span.started_at),
        "startedAt": iso(span.started_at),
        "endedAt": iso(span.ended_at),
        "duration": span.ended_at - span.started_at,
        "outputID": None,
        "childrenSpans": [],
    }


def _end_span(run: RunView) -> dict[str, Json]:
    failed = run.status is RunStatus.FAILED
    return {
        **_root_span(run),
        "name": "function error" if failed else "function success",
        "parentSpanID": _output_id(run.id),
        "isRoot": False,
        "childrenSpans": [],
    }


def _duration(started_at: int | None, ended_at: int | None) -> int | None:
    """Return milliseconds."""
    return None if started_at is None or ended_at is None else ended_at - started_at


def _error_json(error: Json) -> Json:
    if not isinstance(error, Mapping):
        return None
    fields = ("message", "name", "stack", "cause")
    texts = {name: error.get(name) for name in fields}
    return {
        name: value if value is None or isinstance(value, str) else str(value)
        for name, value in texts.items()
    }


def _output_id(run_id: str, step_id: str | None = None) -> str:
    reference = run_id if step_id is None else f"{run_id}:{step_id}"
    return base64.urlsafe_b64encode(reference.encode()).decode()
