"""Between table rows and records."""

import sqlite3
from typing import Any

import msgspec

from rawr.coordination._run import RunError, RunRecord, TimelineEvent
from rawr.coordination._values import from_ms, to_ms
from rawr.schema import Json
from rawr.sqlite import DatabaseCorrupt

RUN_COLUMNS = (
    "run_id, tenant_id, capability, workflow, status, revision, last_sequence, requested_by, "
    "request_id, correlation_id, idempotency_key, input_digest, input, event_id, admission_id, "
    "engine_run_id, output, error_code, error_message, created_at_ms, updated_at_ms, finished_at_ms"
)
TIMELINE_COLUMNS = "event_id, sequence, run_id, type, status, ts_ms, detail, attempt, data"

#: What a driver returns for one row; the columns' types are declared STRICT in the schema.
Row = tuple[Any, ...]


def run_from(row: Row) -> RunRecord:
    """Decode a row of `RUN_COLUMNS`.

    Raises:
        DatabaseCorrupt: a JSON column does not hold JSON.
    """
    run_id = row[0]
    return RunRecord(
        run_id=run_id,
        tenant_id=row[1],
        capability=row[2],
        workflow=row[3],
        status=row[4],
        revision=row[5],
        last_sequence=row[6],
        requested_by=row[7],
        request_id=row[8],
        correlation_id=row[9],
        idempotency_key=row[10],
        input_digest=row[11],
        input=decode(row[12], f"input of run {run_id}"),
        event_id=row[13],
        admission_id=row[14],
        engine_run_id=row[15],
        output=decode(row[16], f"output of run {run_id}"),
        error=None if row[17] is None else RunError(code=row[17], message=row[18] or ""),
        created_at=from_ms(row[19]),
        updated_at=from_ms(row[20]),
        finished_at=None if row[21] is None else from_ms(row[21]),
    )


def run_parameters(run: RunRecord) -> dict[str, object]:
    """Encode a run for named placeholders, by column name."""
    return {
        "run_id": run.run_id,
        "tenant_id": run.tenant_id,
        "capability": run.capability,
        "workflow": run.workflow,
        "status": run.status,
        "revision": run.revision,
        "last_sequence": run.last_sequence,
        "requested_by": run.requested_by,
        "request_id": run.request_id,
        "correlation_id": run.correlation_id,
        "idempotency_key": run.idempotency_key,
        "input_digest": run.input_digest,
        "input": encode(run.input),
        "event_id": run.event_id,
        "admission_id": run.admission_id,
        "engine_run_id": run.engine_run_id,
        "output": encode(run.output),
        "error_code": run.error.code if run.error else None,
        "error_message": run.error.message if run.error else None,
        "created_at_ms": to_ms(run.created_at),
        "updated_at_ms": to_ms(run.updated_at),
        "finished_at_ms": to_ms(run.finished_at) if run.finished_at else None,
    }


def timeline_event_from(row: Row) -> TimelineEvent:
    """Decode a row of `TIMELINE_COLUMNS`.

    Raises:
        DatabaseCorrupt: the data column does not hold a JSON object.
    """
    what = f"data of timeline event {row[1]} of run {row[2]}"
    data = decode(row[8], what)
    if data is not None and not isinstance(data, dict):
        raise DatabaseCorrupt(f"the {what} is not an object; restore the file from a backup")
    return TimelineEvent(
        event_id=row[0],
        sequence=row[1],
        run_id=row[2],
        type=row[3],
        status=row[4],
        ts=from_ms(row[5]),
        detail=row[6],
        attempt=row[7],
        data=data or {},
    )


def encode(value: Json) -> str | None:
    """JSON text, or NULL for None."""
    return None if value is None else msgspec.json.encode(value).decode()


def decode(text: str | None, what: str) -> Json:
    """The JSON value of a column; `what` names it in the error.

    Raises:
        DatabaseCorrupt: it is not JSON.
    """
    if text is None:
        return None
    try:
        value: Json = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise DatabaseCorrupt(f"the {what} is not JSON; restore the file from a backup") from error
    return value


def one(cursor: sqlite3.Cursor) -> RunRecord | None:
    """Decode the only row of a query for `RUN_COLUMNS`, if there is one."""
    row = cursor.fetchone()
    return None if row is None else run_from(row)
