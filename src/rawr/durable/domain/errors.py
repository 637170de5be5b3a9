"""Errors of the durable engine.

    EngineError
    ├── EventRejected            the event API refuses an event
    ├── RegistrationRejected     a function configuration is refused
    ├── ResponseRejected         an SDK answered outside the protocol
    │   ├── UnknownOpcode        an operation this engine does not know
    │   └── TooManyOperations    more parallel steps than a response may hold
    ├── LimitExceeded            a documented size or count limit is exceeded
    ├── NotRunning               the engine is not started, or is closing
    ├── FunctionNotFound         no function has this id
    ├── RunNotFound              no run has this id
    ├── RunExists                another run has this id
    ├── StaleCall                the call has been made again since
    ├── StepNotFound             the run has no step with this id
    ├── RerunRejected            the run cannot be repeated this way
    ├── SignalConflict           another run waits for the same signal
    ├── StoreUnavailable         the database cannot be written now; a retry can help
    │   ├── StoreFull
    │   └── StoreLocked
    └── StoreCorrupt             the database does not hold what was written

Each class carries the protocol's `code`, the HTTP `status` an API answers with, and whether
the same request may succeed later (`retryable`).
"""

from typing import ClassVar


class EngineError(Exception):
    """The durable engine refused or failed an operation."""

    code: ClassVar[str] = "engine_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message if message is not None else type(self).__doc__)


class EventRejected(EngineError):
    """The event is not valid; correct it and send it again."""

    code = "event_rejected"
    status = 400

    def __init__(self, message: str | None = None, *, accepted: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.accepted = accepted
        """Internal ids of the events of the same request that were accepted before this one."""


class RegistrationRejected(EngineError):
    """The function configuration is not valid; correct it and register again."""

    code = "registration_rejected"
    status = 400


class ResponseRejected(EngineError):
    """The SDK answered outside the protocol."""

    code = "response_rejected"
    status = 502
    retryable = True


class UnknownOpcode(ResponseRejected):
    """The SDK reported an operation this engine does not know; update the engine."""

    code = "unknown_opcode"
    retryable = False


class TooManyOperations(ResponseRejected):
    """The SDK reported more operations at once than the protocol allows."""

    code = "too_many_operations"
    retryable = False


class LimitExceeded(EngineError):
    """A size or count limit of the engine is exceeded."""

    code = "limit_exceeded"
    status = 413


class NotRunning(EngineError):
    """The engine is not running; start it first."""

    code = "not_running"
    status = 503
    retryable = True


class FunctionNotFound(EngineError):
    """No app registers a function with this id."""

    code = "function_not_found"
    status = 404


class RunNotFound(EngineError):
    """No run has this id."""

    code = "run_not_found"
    status = 404


class RunExists(EngineError):
    """Another run has this id already; begin one with a new id."""

    code = "run_exists"
    status = 409


class StaleCall(EngineError):
    """The call has been made again since it was given up; stop, and report nothing more."""

    code = "stale_call"
    status = 409


class StepNotFound(EngineError):
    """The run has no step with this id."""

    code = "step_not_found"
    status = 404


class RerunRejected(EngineError):
    """The run cannot be repeated this way; correct the request."""

    code = "rerun_rejected"
    status = 400


class SignalConflict(EngineError):
    """Another run waits for this signal already."""

    code = "signal_conflict"
    status = 409


class StoreUnavailable(EngineError):
    """The engine database cannot be written now; nothing was accepted, try again."""

    code = "store_unavailable"
    status = 503
    retryable = True


class StoreFull(StoreUnavailable):
    """The disk of the engine database is full; free space, nothing was accepted."""

    code = "store_full"
    status = 507


class StoreLocked(StoreUnavailable):
    """Another process holds the engine database; stop it or choose another data directory."""

    code = "store_locked"


class StoreCorrupt(EngineError):
    """The engine database does not hold what was written; restore it from a backup."""

    code = "store_corrupt"
