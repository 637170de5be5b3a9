"""Spans that apps tell of their runs."""

import sqlite3
from collections.abc import Sequence

import msgspec

from rawr.durable.domain.span import MAX_SPANS, Span
from rawr.durable.store import _queries as q


def attach(connection: sqlite3.Connection, *, spans: Sequence[Span]) -> int:
    """Keep spans of runs that exist, up to what a run may carry; return how many are kept."""
    kept = 0
    for span in spans:
        row = msgspec.structs.astuple(span)
        values = (*row, span.run_id, span.run_id, MAX_SPANS)
        kept += connection.execute(q.ADD_SPAN, values).rowcount
    return kept


def of_run(connection: sqlite3.Connection, run_id: str) -> list[Span]:
    """Return the spans an app told of a run, the earliest first."""
    rows = connection.execute(q.LOAD_SPANS, (run_id,))
    return [Span(**dict(zip(Span.__struct_fields__, row, strict=True))) for row in rows]
