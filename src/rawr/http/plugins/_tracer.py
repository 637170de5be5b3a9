"""The port of tracing, and OpenTelemetry behind it."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from typing_extensions import override

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OTelSpan, TracerProvider

Attributes: TypeAlias = Mapping[str, str | int | bool]

NOTHING: Final[Attributes] = MappingProxyType({})


class Span(Protocol):
    """A piece of work being timed."""

    def add_event(self, name: str) -> None:
        """Note that something happened."""
        ...

    def fail(self, error: BaseException) -> None:
        """Note that the work failed."""
        ...

    def end(self) -> None:
        """Stop timing; for spans that were not entered."""
        ...


class Tracer(Protocol):
    """Makes spans."""

    def enter(
        self,
        name: str,
        *,
        attributes: Attributes = NOTHING,
        carrier: Mapping[str, str] | None = None,
        started_ns: int | None = None,
    ) -> AbstractContextManager[Span]:
        """A span that is the parent of those inside it; failures are the caller's to note.

        `carrier` holds headers from which the trace goes on; `started_ns` is a time since the
        epoch, in nanoseconds, now if absent.
        """
        ...

    def record(self, name: str, *, started_ns: int, ended_ns: int) -> None:
        """A span of work that is over, inside the current one; nanoseconds since the epoch."""
        ...

    def start(self, name: str) -> Span:
        """A span beside the current one, which is its parent; it must be ended."""
        ...


class NoSpan(Span):
    """Times nothing."""

    @override
    def add_event(self, name: str) -> None:
        """See `Span.add_event`."""

    @override
    def fail(self, error: BaseException) -> None:
        """See `Span.fail`."""

    @override
    def end(self) -> None:
        """See `Span.end`."""


_NO_SPAN: Final = NoSpan()


class NoTracer(Tracer):
    """Traces nothing."""

    @override
    @contextmanager
    def enter(
        self,
        name: str,
        *,
        attributes: Attributes = NOTHING,
        carrier: Mapping[str, str] | None = None,
        started_ns: int | None = None,
    ) -> Iterator[Span]:
        """See `Tracer.enter`."""
        yield _NO_SPAN

    @override
    def record(self, name: str, *, started_ns: int, ended_ns: int) -> None:
        """See `Tracer.record`."""

    @override
    def start(self, name: str) -> Span:
        """See `Tracer.start`."""
        return _NO_SPAN


class OpenTelemetryTracer(Tracer):
    """Traces with OpenTelemetry (extra `otel`); headers carry the trace across.

    Without a provider it is the global one.

    Raises:
        ModuleNotFoundError: `opentelemetry-api` is not installed.
    """

    def __init__(self, provider: "TracerProvider | None" = None) -> None:
        from opentelemetry import propagate, trace

        self._trace: Any = trace
        self._extract = propagate.extract
        self._tracer = trace.get_tracer("rawr.http", tracer_provider=provider)

    @override
    @contextmanager
    def enter(
        self,
        name: str,
        *,
        attributes: Attributes = NOTHING,
        carrier: Mapping[str, str] | None = None,
        started_ns: int | None = None,
    ) -> Iterator[Span]:
        """See `Tracer.enter`."""
        parent = None if carrier is None else self._extract(carrier)
        span = self._tracer.start_span(
            name, context=parent, attributes=attributes, start_time=started_ns
        )
        with self._trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            yield _OpenTelemetrySpan(span)

    @override
    def record(self, name: str, *, started_ns: int, ended_ns: int) -> None:
        """See `Tracer.record`."""
        self._tracer.start_span(name, start_time=started_ns).end(ended_ns)

    @override
    def start(self, name: str) -> Span:
        """See `Tracer.start`."""
        return _OpenTelemetrySpan(self._tracer.start_span(name))


class _OpenTelemetrySpan(Span):
    def __init__(self, span: "OTelSpan") -> None:
        self._span = span

    @override
    def add_event(self, name: str) -> None:
        self._span.add_event(name)

    @override
    def fail(self, error: BaseException) -> None:
        from opentelemetry.trace import Status, StatusCode

        self._span.record_exception(error)
        self._span.set_status(Status(StatusCode.ERROR, str(error)))

    @override
    def end(self) -> None:
        self._span.end()
