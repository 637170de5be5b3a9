"""Durable functions under test: a real engine on a virtual clock, with steps that stand in."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import inngest
import msgspec

from rawr.durable.domain.event import Event, EventDraft
from rawr.durable.domain.op import Opcode
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine, EngineSettings, RunView, SystemIds
from rawr.durable.engine.transport import Transport
from rawr.testing._stand_ins import StandingIn, hashed_step_id
from rawr.testing.clock import VirtualClock

Json: TypeAlias = Any
"""A JSON value."""

_MS: Final = timedelta(milliseconds=1)
_LONGEST: Final = timedelta(days=366)
_MOST: Final = 100
_STEPS: Final = frozenset({Opcode.STEP_RUN, Opcode.STEP_PLANNED, Opcode.STEP})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What became of a run.

    Attributes:
        output: What the function returned; `None` unless it completed.
        error: What it failed with, as `name`, `message` and `stack`; `None` unless it failed.
        steps: The names of the steps that executed, in the order in which they were settled;
            those that stood in are not among them.
    """

    run_id: str
    function_id: str
    status: RunStatus
    output: Json
    error: Mapping[str, Json] | None
    steps: tuple[str, ...]


class NotOneRun(AssertionError):
    """The event did not start exactly one run; look at `runs` to see which it started."""


class EngineHarness:
    """Functions of the official SDK on an engine of their own, on a clock that tests move.

    The engine is the real one, on a real file: steps are committed and replayed, retries wait for
    their time, limits hold. Nothing sleeps: `drain` runs what is due, `advance` and
    `run_until_idle` move the clock to what is due next.

    ```python
    async with EngineHarness(client, [checkout]) as harness:
        harness.returns("charge", {"id": "ch_1"})
        outcome = await harness.trigger("shop/order.placed", {"order": 7})
        assert outcome.output == "shipped"
    ```

    `data_dir` keeps the engine's file; without one it is temporary. Backoff has no jitter unless
    `settings` say otherwise.
    """

    def __init__(
        self,
        client: inngest.Inngest,
        functions: Sequence[inngest.Function[Any]],
        *,
        data_dir: Path | None = None,
        clock: VirtualClock | None = None,
        settings: EngineSettings | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self._client = client
        self._functions = tuple(functions)
        self._data_dir = data_dir
        self._settings = settings
        self._engine: Engine | None = None
        self._stand_ins: dict[str, bytes] = {}
        self._resources = ExitStack()

    @property
    def engine(self) -> Engine:
        """The engine itself, for whatever has no shorter word here.

        Raises:
            RuntimeError: the harness has not been entered.
        """
        if self._engine is None:
            raise RuntimeError("The harness has no engine; use it in `async with`")
        return self._engine

    async def __aenter__(self) -> Self:
        if self._data_dir is None:
            made = tempfile.TemporaryDirectory(prefix="rawr-engine-")
            self._data_dir = Path(self._resources.enter_context(made))
        await self._start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.engine.close()
        self._engine = None
        self._resources.close()

    def returns(self, step_id: str, value: Json, *, index: int = 0) -> None:
        """Let a step be settled with a value, without executing.

        It may be a `step.run`, `step.invoke` or `step.ai.infer`. `index` tells apart the steps of
        one function that share an id, from 0.
        """
        self._stand_in(step_id, index, {"data": value})

    def raises(self, step_id: str, error: Exception, *, index: int = 0) -> None:
        """Let a step fail for good, without executing: the function sees a `StepError`."""
        shape = {"name": type(error).__name__, "message": str(error)}
        self._stand_in(step_id, index, {"error": shape})

    def receives(
        self, step_id: str, data: Mapping[str, Json] | None, *, name: str = "", index: int = 0
    ) -> None:
        """Let a `step.wait_for_event` get an event with this data at once; `None`: it timed out."""
        event = None
        if data is not None:
            now = self.clock.now_ms()
            event = {"data": data, "id": "stand-in", "name": name, "ts": now, "user": {}}
        self._stand_in(step_id, index, event)

    async def send(
        self,
        event: str | inngest.Event,
        data: Mapping[str, Json] | None = None,
        **more: Any,
    ) -> str:
        """Send an event and run what is due; return the event's internal id.

        The event is one of the SDK's, such as `EventType.event` makes, or its name with `data`.
        `more` are further fields: `id`, `ts` in milliseconds, `user`, `v`.
        """
        if isinstance(event, inngest.Event):
            fields = event.model_dump(include={"name", "data", "id", "ts"}, exclude_defaults=True)
            draft = EventDraft(**{**fields, **more})
        else:
            draft = EventDraft(name=event, data=data or {}, **more)
        (event_id,) = await self.engine.send([draft])
        await self.drain()
        return event_id

    async def trigger(
        self,
        event: str | inngest.Event,
        data: Mapping[str, Json] | None = None,
        **more: Any,
    ) -> RunOutcome:
        """Send an event that starts one run, and run it as far as it goes without time passing.

        See `send` for the arguments.

        Raises:
            NotOneRun: it starts none, or several.
        """
        return await self.outcome(await self.send(event, data, **more))

    async def runs(self, event_id: str | None = None) -> list[RunOutcome]:
        """Return what became of the runs an event started so far.

        Without an event: the newest runs there are, those of crons too, the oldest of them first.
        """
        if event_id is None:
            views: Sequence[RunView] = list(reversed(await self.engine.list_runs(limit=_MOST)))
        else:
            views = await self.engine.runs_of_event(event_id)
        return [await self._outcome(run) for run in views]

    async def outcome(self, event_id: str) -> RunOutcome:
        """Return what became of the one run an event started.

        Raises:
            NotOneRun: there is none, or there are several.
        """
        runs = await self.runs(event_id)
        if len(runs) != 1:
            started = ", ".join(run.function_id for run in runs) or "none"
            raise NotOneRun(f"The event started {len(runs)} runs: {started}")
        return runs[0]

    async def refresh(self, outcome: RunOutcome) -> RunOutcome:
        """Return what has become of a run since."""
        run = await self.engine.get_run(outcome.run_id)
        assert run is not None, "the engine deletes no run while its test goes on"
        return await self._outcome(run)

    async def events(self, name: str) -> list[Event]:
        """Return the newest events of a name, the oldest of them first."""
        return list(reversed(await self.engine.list_events(limit=100, name=name)))

    async def drain(self) -> None:
        """Run everything that is due now."""
        await self.engine.settle()

    async def advance(self, duration: timedelta) -> None:
        """Let time pass, running what falls due at its time."""
        await self._move_to(self.clock.now_ms() + duration // _MS)

    async def run_until_idle(self, *, at_most: timedelta = _LONGEST) -> None:
        """Let time pass until no run is open, or `at_most` has passed.

        Runs that wait for an event get none meanwhile: they time out.
        """
        await self.drain()
        end = self.clock.now_ms() + at_most // _MS
        while await self._has_open_runs():
            due = self.engine.next_due_at()
            if due is None or due > end:
                return
            await self._move_to(max(due, self.clock.now_ms()))

    async def restart(self) -> None:
        """Stop the engine where it stands and start it again, as after a crash."""
        await self.engine.close()
        await self._start()

    async def _start(self) -> None:
        assert self._data_dir is not None
        self._engine = await Engine.open(
            self._data_dir,
            clock=self.clock,
            ids=_PlainIds(self.clock.now_ms),
            settings=self._settings,
        )
        await self._engine.serve(self._client, self._functions, through=self._through)
        self._engine.bind_client(self._client)
        await self._engine.start()

    def _through(self, transport: Transport) -> Transport:
        return StandingIn(transport, self._stand_ins)

    def _stand_in(self, step_id: str, index: int, memo: Json) -> None:
        self._stand_ins[hashed_step_id(step_id, index)] = msgspec.json.encode(memo)

    async def _move_to(self, end_ms: int) -> None:
        await self.drain()
        while (due := self.engine.next_due_at()) is not None and due <= end_ms:
            self.clock.move_to(max(due, self.clock.now_ms()))
            await self.drain()
        self.clock.move_to(max(end_ms, self.clock.now_ms()))
        await self.drain()

    async def _has_open_runs(self) -> bool:
        for status in (RunStatus.QUEUED, RunStatus.RUNNING):
            if await self.engine.list_runs(limit=1, status=status):
                return True
        return False

    async def _outcome(self, run: RunView) -> RunOutcome:
        output = None if run.output is None else msgspec.json.decode(run.output)
        failed = run.status is RunStatus.FAILED
        steps = await self.engine.run_steps(run.id)
        return RunOutcome(
            run_id=run.id,
            function_id=run.function_id,
            status=run.status,
            output=None if failed else output,
            error=output if failed else None,
            steps=tuple(step.name for step in steps if step.op in _STEPS and step.memo is not None),
        )


class _PlainIds(SystemIds):
    """Ids by the clock, and no jitter."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(now_ms)

    def jitter(self) -> float:
        """Return none."""
        return 0.0
