"""What coordination refuses, as types.

    CoordinationError
    ├── InvalidId             an id that is not path-safe
    ├── UnknownRun            no such run in this tenant
    ├── RunConflict           the run id is taken by another workflow, input or tenant
    ├── IdempotencyConflict   the idempotency key was used with another input
    ├── RunNotDispatchable    a registered run was dispatched already, or is past that
    ├── IllegalTransition     the lifecycle does not lead from the run's status to the wanted one
    ├── StaleRun              the run changed since the caller read it
    ├── RunFinished           nothing can be added to the timeline of a finished run
    ├── InvalidCursor         a list cursor that no page returned
    ├── EngineUnavailable     the engine takes no events for now (logged by the relay, not raised)
    ├── SenderMisbehaved      an event sender broke its contract (logged by the relay, not raised)
    ├── EventMismatch         an event has another name, version or shape than its type declares
    ├── UnknownWorkflow       nobody asked for the runs of that workflow
    ├── UndeclaredEvent       an event that the plugin does not say it emits
    └── UnsupportedTransaction  the store's transaction is of another kind than asked for

Every one of them leaves the store exactly as it was.
"""

from rawr.coordination._run import RunRecord


class CoordinationError(Exception):
    """Root of every error raised by the coordination layer."""


class InvalidId(CoordinationError):
    """An id is not path-safe."""

    def __init__(self, kind: str, value: str) -> None:
        super().__init__(
            f"{kind} {value!r} is not valid; use 1 to 128 letters, digits, '.', '_' or '-', "
            "starting with a letter or digit"
        )
        self.kind = kind
        self.value = value


class UnknownRun(CoordinationError):
    """There is no such run in this tenant; a run of another tenant looks the same."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"run {run_id!r} does not exist; check the id and the tenant")
        self.run_id = run_id


class RunConflict(CoordinationError):
    """The run id is taken by a run of another workflow, input or tenant."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"run id {run_id!r} is already used for something else; choose another id or omit it"
        )
        self.run_id = run_id


class IdempotencyConflict(CoordinationError):
    """The idempotency key was already used with another input."""

    def __init__(self, key: str, run: RunRecord) -> None:
        super().__init__(
            f"idempotency key {key!r} was already used with another input; use a new key for a new "
            "request"
        )
        self.key = key
        self.run = run


class RunNotDispatchable(CoordinationError):
    """The registered run was dispatched already, or its status no longer allows it."""

    def __init__(self, run: RunRecord) -> None:
        reason = "was already dispatched" if run.is_dispatched else f"is {run.status}"
        super().__init__(
            f"run {run.run_id!r} {reason} and cannot be dispatched; register a new one"
        )
        self.run = run


class IllegalTransition(CoordinationError):
    """The lifecycle does not lead from the run's status to the wanted one."""

    def __init__(self, run: RunRecord, to: str) -> None:
        super().__init__(f"run {run.run_id!r} is {run.status} and cannot become {to}")
        self.run = run
        self.to = to


class StaleRun(CoordinationError):
    """The run changed since the caller read it."""

    def __init__(self, run: RunRecord, expected_revision: int) -> None:
        super().__init__(
            f"run {run.run_id!r} is at revision {run.revision}, not {expected_revision}; read it "
            "again"
        )
        self.run = run
        self.expected_revision = expected_revision


class RunFinished(CoordinationError):
    """The terminal event is the last one of a timeline."""

    def __init__(self, run: RunRecord) -> None:
        super().__init__(f"run {run.run_id!r} is {run.status}; its timeline is closed")
        self.run = run


class InvalidCursor(CoordinationError):
    """A list cursor is not one that an earlier page returned."""

    def __init__(self, cursor: str) -> None:
        super().__init__(f"cursor {cursor!r} is not valid; start again without one")
        self.cursor = cursor


class EngineUnavailable(CoordinationError):
    """The engine takes no events for now, whatever they hold; an event sender raises it."""


class SenderMisbehaved(CoordinationError):
    """An event sender did not return one id per event."""


class EventMismatch(CoordinationError):
    """An event has another name, version or shape than its type declares."""


class UndeclaredEvent(CoordinationError):
    """An event that the plugin does not say it emits; perhaps no function listens to it."""

    def __init__(self, name: str, declared: frozenset[str]) -> None:
        super().__init__(
            f"event {name!r} is not among the events of this plugin "
            f"({', '.join(sorted(declared)) or 'none'}); add it to events= of its workflow surface"
        )
        self.name = name


class UndeclaredSignal(CoordinationError):
    """An event that the plugin does not say it sends to runs under way."""

    def __init__(self, name: str, declared: frozenset[str]) -> None:
        super().__init__(
            f"event {name!r} is not among the signals of this plugin "
            f"({', '.join(sorted(declared)) or 'none'}); add it to signals= of its workflow surface"
        )
        self.name = name


class UnsupportedTransaction(CoordinationError):
    """The store's transaction is of another kind than the one asked for."""


class UnknownWorkflow(CoordinationError):
    """A run's workflow was not asked for in this process, so nobody knows its lifecycle."""

    def __init__(self, capability: str, workflow: str) -> None:
        super().__init__(
            f"nothing asked for the runs of {capability}/{workflow} in this process; ask for them "
            "where the capability is bound: ports.runs(WORKFLOW)"
        )
        self.capability = capability
        self.workflow = workflow
