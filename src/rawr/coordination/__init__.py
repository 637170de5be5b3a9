"""Runs as the host sees them: dispatch that loses nothing, status, timeline, trace links.

A capability declares a `Workflow` and `EventType`s; a trigger handler dispatches, durable functions
move the run along through `Runs`, status routes read and watch it. Nothing here speaks HTTP, and
nothing here executes: that is the engine's part.
"""

from rawr.coordination._coordination import Coordination
from rawr.coordination._dispatch import Also, Dispatch, Dispatched, RunRequest
from rawr.coordination._errors import (
    CoordinationError,
    EngineUnavailable,
    EventMismatch,
    IdempotencyConflict,
    IllegalTransition,
    InvalidCursor,
    InvalidId,
    RunConflict,
    RunFinished,
    RunNotDispatchable,
    SenderMisbehaved,
    StaleRun,
    UndeclaredEvent,
    UndeclaredSignal,
    UnknownRun,
    UnknownWorkflow,
    UnsupportedTransaction,
)
from rawr.coordination._events import EventType
from rawr.coordination._ids import check_id
from rawr.coordination._lifecycle import STANDARD_LIFECYCLE, Lifecycle, Outcome, Verdict, Workflow
from rawr.coordination._ports import (
    EventSender,
    Outbox,
    OutboxRow,
    Postponed,
    RunQuery,
    RunStore,
    RunTransaction,
    RunWork,
    Sent,
)
from rawr.coordination._reader import RunReader
from rawr.coordination._relay import Relay, RelayPolicy
from rawr.coordination._run import (
    RunError,
    RunPage,
    RunRecord,
    Timeline,
    TimelineEntry,
    TimelineEvent,
)
from rawr.coordination._runs import Runs, Transitioned
from rawr.coordination._signals import RunSignals, Subscription
from rawr.coordination._sqlite_outbox import SqliteOutbox
from rawr.coordination._sqlite_store import MIGRATIONS, SqliteRunStore
from rawr.coordination._trace_links import TraceLink, TraceLinks, inngest_url_from

__all__ = [
    "MIGRATIONS",
    "STANDARD_LIFECYCLE",
    "Also",
    "Coordination",
    "CoordinationError",
    "Dispatch",
    "Dispatched",
    "EngineUnavailable",
    "EventMismatch",
    "EventSender",
    "EventType",
    "IdempotencyConflict",
    "IllegalTransition",
    "InvalidCursor",
    "InvalidId",
    "Lifecycle",
    "Outbox",
    "OutboxRow",
    "Outcome",
    "Postponed",
    "Relay",
    "RelayPolicy",
    "RunConflict",
    "RunError",
    "RunFinished",
    "RunNotDispatchable",
    "RunPage",
    "RunQuery",
    "RunReader",
    "RunRecord",
    "RunRequest",
    "RunSignals",
    "RunStore",
    "RunTransaction",
    "RunWork",
    "Runs",
    "SenderMisbehaved",
    "Sent",
    "SqliteOutbox",
    "SqliteRunStore",
    "StaleRun",
    "Subscription",
    "Timeline",
    "TimelineEntry",
    "TimelineEvent",
    "TraceLink",
    "TraceLinks",
    "Transitioned",
    "UndeclaredEvent",
    "UndeclaredSignal",
    "UnknownRun",
    "UnknownWorkflow",
    "UnsupportedTransaction",
    "Verdict",
    "Workflow",
    "check_id",
    "inngest_url_from",
]
