"""A clock that stands still, an engine that remembers, and one workflow to run."""

import anyio
import inngest

from rawr.coordination import EventType, Lifecycle, RunRequest, Workflow
from rawr.schema import Schema

START_MS = 1_700_000_000_000


class ManualClock:
    """Time moves only by `advance`."""

    def __init__(self) -> None:
        self.ms = START_MS
        self.waits: list[int | None] = []
        self._moved = anyio.Event()
        self._waiting = anyio.Event()

    def now_ms(self) -> int:
        return self.ms

    async def wait(self, wake: anyio.Event, until_ms: int | None) -> None:
        self.waits.append(until_ms)
        self._waiting.set()
        self._waiting = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._until, until_ms, tasks.cancel_scope)
            await wake.wait()
            tasks.cancel_scope.cancel()

    async def _until(self, until_ms: int | None, scope: anyio.CancelScope) -> None:
        while until_ms is None or self.ms < until_ms:
            await self._moved.wait()
        scope.cancel()

    async def somebody_waits(self) -> None:
        """Return when the next `wait` begins."""
        await self._waiting.wait()

    async def advance_to_the_next_wait(self) -> None:
        """Wait for somebody to wait, and move time to where that ends."""
        await self.somebody_waits()
        until_ms = self.waits[-1]
        assert until_ms is not None
        self.advance(max(0, until_ms - self.ms))

    def advance(self, milliseconds: int) -> None:
        self.ms += milliseconds
        self._moved.set()
        self._moved = anyio.Event()


class FakeEngine:
    """Admits events as an engine does: the same id is admitted once."""

    def __init__(self) -> None:
        self.admitted: dict[str, inngest.Event] = {}
        self.calls: list[list[str]] = []
        self.is_down = False
        self.refused: set[str] = set()
        self._arrived = anyio.Event()

    async def send(self, events: list[inngest.Event], /) -> list[str]:
        self.calls.append([event.id for event in events])
        await anyio.lowlevel.checkpoint()
        if self.is_down:
            raise ConnectionError("engine unreachable")
        if self.refused & {event.id for event in events}:
            raise ValueError("event refused")
        for event in events:
            self.admitted.setdefault(event.id, event)
        self._arrived.set()
        self._arrived = anyio.Event()
        return [f"admission-{event.id}" for event in events]

    async def has_admitted(self, count: int) -> None:
        while len(self.admitted) < count:
            await self._arrived.wait()


class Requested(Schema):
    run_id: str
    amount: int = 0


REQUESTED = EventType("billing.requested", Requested)
BILLING = Workflow(
    capability="billing",
    name="settle",
    lifecycle=Lifecycle(
        initial="queued",
        transitions={
            "queued": ["running", "settling", "failed", "canceled"],
            "running": ["settling", "failed", "canceled"],
            "settling": ["completed", "failed"],
            "completed": [],
            "failed": [],
            "canceled": [],
        },
        event_types={"queued": "run.started", "running": "run.started"},
        dispatchable=["queued", "running"],
    ),
)
OTHER = Workflow(capability="shipping", name="pack")


def request_for(**changes: object) -> RunRequest:
    values: dict[str, object] = {
        "workflow": BILLING,
        "tenant_id": "acme",
        "requested_by": "ada",
        "request_id": "req-1",
        "correlation_id": "cor-1",
        "input": {"amount": 1},
        **changes,
    }
    return RunRequest(**values)  # type: ignore[arg-type]  # test values by name
