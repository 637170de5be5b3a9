"""The metrics of one engine."""

from itertools import chain
from typing import Final

from rawr.durable.domain.run import RunStatus
from rawr.durable.domain.step import StepStatus
from rawr.durable.engine.observer import CallOutcome
from rawr.durable.metrics._exposition import Counter, Histogram, gauge, text

_BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class EngineMetrics:
    """Counts what an engine tells of its work since it was opened.

    ```python
    metrics = EngineMetrics()
    engine = await Engine.open(data_dir, observer=metrics)
    app = create_engine_api(engine, metrics=metrics)  # GET /metrics
    ```
    """

    def __init__(self) -> None:
        self._events = Counter("rawr_engine_events_total", "Events accepted.")
        self._started = Counter(
            "rawr_engine_runs_started_total", "Runs created.", labels=["function"]
        )
        self._ended = Counter(
            "rawr_engine_runs_ended_total", "Runs ended.", labels=["function", "status"]
        )
        self._steps = Counter(
            "rawr_engine_steps_total",
            "Steps settled, and attempts at steps that failed.",
            labels=["function", "status"],
        )
        self._calls = Counter(
            "rawr_engine_calls_total", "Calls of functions.", labels=["function", "outcome"]
        )
        self._durations = Histogram(
            "rawr_engine_call_duration_seconds",
            "How long calls of functions take.",
            bounds=_BOUNDS_S,
            labels=["function"],
        )

    def accepted(self, events: int) -> None:
        """Count accepted events."""
        self._events.add(amount=events)

    def started(self, function_id: str) -> None:
        """Count a created run."""
        self._started.add(function_id)

    def stepped(self, function_id: str, status: StepStatus) -> None:
        """Count a settled step, or a failed attempt."""
        self._steps.add(function_id, status)

    def called(self, function_id: str, outcome: CallOutcome, duration_ms: int) -> None:
        """Count a call."""
        self._calls.add(function_id, outcome)
        self._durations.observe(duration_ms / 1000, function_id)

    def ended(self, function_id: str, status: RunStatus) -> None:
        """Count an ended run."""
        self._ended.add(function_id, status)

    def exposition(self, *, queue_depth: int, queue_due: int) -> str:
        """Every metric as text, with how many queue items there are, and are due, now."""
        families = (
            self._events,
            self._started,
            self._ended,
            self._steps,
            self._calls,
            self._durations,
        )
        depth = gauge(
            "rawr_engine_queue_depth", "Queue items, due or not: calls, timers, waits.", queue_depth
        )
        due = gauge(
            "rawr_engine_queue_due", "Queue items at work, or whose time has come.", queue_due
        )
        return text(chain(*(family.lines() for family in families), depth, due))
