"""The embedded engine: events in, functions called, steps kept."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import httpx2
import inngest
import msgspec
from inngest._internal import server_lib

from rawr.durable.domain.backoff import retry_delay_ms
from rawr.durable.domain.clock import Clock, SystemClock
from rawr.durable.domain.draft import Rules
from rawr.durable.domain.errors import FunctionNotFound, RunExists, RunNotFound
from rawr.durable.domain.event import FUNCTION_INVOKED, EventDraft, Json
from rawr.durable.domain.function import App, FunctionConfig
from rawr.durable.domain.op import MetadataUpdate, Op
from rawr.durable.domain.run import RunState
from rawr.durable.domain.ulid import EventSeed, parse_ulid
from rawr.durable.engine._admission import Admission
from rawr.durable.engine._agenda import Agenda
from rawr.durable.engine._apps import Apps, Registered, in_process_registration
from rawr.durable.engine._bind import bind_client
from rawr.durable.engine._calls import Calls
from rawr.durable.engine._checkpoints import Checkpoints
from rawr.durable.engine._control import Control
from rawr.durable.engine._cron import Crons
from rawr.durable.engine._decisions import Decisions, Hand
from rawr.durable.engine._executor import Executor
from rawr.durable.engine._gateway import Gateway
from rawr.durable.engine._http import HTTPTransport
from rawr.durable.engine._inprocess import InProcessTransport
from rawr.durable.engine._item_ids import ItemIds
from rawr.durable.engine._late_starts import LateStarts
from rawr.durable.engine._live import LiveRuns
from rawr.durable.engine._loop import Loop
from rawr.durable.engine._operations import Operations
from rawr.durable.engine._outbound import Outbound
from rawr.durable.engine._planner import Planner
from rawr.durable.engine._registry import Registry
from rawr.durable.engine._slots import Slots
from rawr.durable.engine._sweeper import Sweeper
from rawr.durable.engine._transports import Transports
from rawr.durable.engine._waits import index_wait, match_value, wait_matches
from rawr.durable.engine.ids import Ids, SystemIds
from rawr.durable.engine.observer import Observer, RunListener, Unobserved
from rawr.durable.engine.settings import EngineSettings
from rawr.durable.engine.transport import Transport
from rawr.durable.protocol.events import check_event
from rawr.durable.store.port import Accepted, RunView, Store
from rawr.durable.store.sqlite import SQLiteStore


class Engine(Control):
    """A durable engine in this process, on one data directory it alone owns.

    ```python
    async with await Engine.open(Path(".rawr/engine")) as engine:
        await engine.serve(client, [my_function])
        await engine.send([EventDraft(name="app/user.created", data={"id": 1})])
    ```
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        ids: Ids,
        item_ids: ItemIds,
        settings: EngineSettings,
        http_client: httpx2.AsyncClient | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(store, LiveRuns(store, max_bytes=settings.cached_bytes))
        self._clock = clock
        self._ids = ids
        self._item_ids = item_ids
        self._settings = settings
        self._observer = observer or Unobserved()
        self._registry = Registry()
        self._apps = Apps(self._registry, store, clock)
        self._agenda = Agenda(clock)
        self._slots = Slots(room=max(1, settings.ready_limit // 8))
        self._planner = Planner(
            self._registry,
            ids=ids,
            allocate=item_ids,
            is_full=lambda: len(self._agenda) >= settings.ready_limit,
        )
        outbound = Outbound(timeout=settings.call_timeout, client=http_client)
        self._transports = Transports(
            HTTPTransport(outbound, clock=clock, signing_keys=settings.signing_keys),
            Gateway(outbound),
            unbound_retry=settings.unbound_retry,
        )
        self._crons = Crons(clock, self._agenda.hold)
        self._decisions = Decisions(
            store=store,
            planner=self._planner,
            rules=self._rules(),
            clock=clock,
            observer=self._observer,
            deliver=self._deliver,
            hold=self._agenda.add,
            ended=self._ended,
        )
        self._admission = Admission(
            slots=self._slots, store=store, registry=self._registry, hold=self._agenda.add
        )
        late_starts = LateStarts(
            store=store,
            planner=self._planner,
            clock=clock,
            deliver=self._deliver,
            hold=self._agenda.add,
            ended=self._decisions.end_unstarted,
        )
        calls = Calls(
            decisions=self._decisions,
            admission=self._admission,
            late_starts=late_starts,
            registry=self._registry,
            transports=self._transports,
            clock=clock,
            ids=ids,
            observer=self._observer,
        )
        hands: dict[int, Hand] = {}
        self._executor = Executor(
            store=store,
            runs=self._runs,
            registry=self._registry,
            planner=self._planner,
            decisions=self._decisions,
            calls=calls,
            crons=self._crons,
            clock=clock,
            deliver=self._deliver,
            hands=hands,
        )
        self._checkpoints = Checkpoints(
            decisions=self._decisions, runs=self._runs, store=store, hands=hands
        )
        self._operations = Operations(
            store=store,
            registry=self._registry,
            planner=self._planner,
            executor=self._executor,
            clock=clock,
            ids=ids,
            hold=self._agenda.add,
            observer=self._observer,
        )
        self._loop = Loop(
            agenda=self._agenda,
            slots=self._slots,
            store=store,
            clock=clock,
            work=self._executor.work,
            overflow=self._admission.overflow,
            preload=self._runs.preload,
            max_calls=settings.max_calls,
            ready_limit=settings.ready_limit,
        )
        self._sweeper = Sweeper(store, clock, settings.retention)
        self._sweeping: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiters: dict[str, anyio.Event] = {}
        self._closed = False

    @classmethod
    async def open(
        cls,
        data_dir: Path,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        settings: EngineSettings | None = None,
        http_client: httpx2.AsyncClient | None = None,
        observer: Observer | None = None,
    ) -> Self:
        """Open the engine of `data_dir`, creating it when it is new. `start` sets it going.

        `http_client` makes every HTTP request of the engine, and is closed with it; `observer`
        hears of its work.

        Raises:
            StoreLocked: another engine owns the directory.
            StoreUnavailable: the directory cannot be used.
            StoreCorrupt: its database is damaged or was written by a newer release.
        """
        clock = clock or SystemClock()
        item_ids = ItemIds()
        store = await SQLiteStore.open(
            data_dir,
            now_ms=clock.now_ms,
            allocate=item_ids,
            matches=wait_matches,
            match_value=match_value,
        )
        return cls(
            store,
            clock=clock,
            ids=ids or SystemIds(clock.now_ms),
            item_ids=item_ids,
            settings=settings or EngineSettings(),
            http_client=http_client,
            observer=observer,
        )

    async def start(self) -> None:
        """Take up everything a previous process left undone, and run."""
        recovery = await self._store.recover()
        self._item_ids.start_after(recovery.last_item_id)
        await self._apps.load()
        await self._operations.load()
        await self._admission.load()
        self._crons.plan(self._registry.functions())
        for slot in await self._store.waiting_slots():
            self._slots.stored((slot, 1))
        # The first look into the store happens at once and finds whatever is due.
        self._agenda.claimed(self._clock.now_ms())
        self._task = asyncio.create_task(self._loop.run(), name="durable-engine")
        self._sweeping = asyncio.create_task(self._sweeper.run(), name="durable-sweeper")

    async def drain(self) -> None:
        """Start nothing more and let calls in flight end, up to the drain timeout."""
        self._loop.stop()
        if self._task is not None:
            with anyio.move_on_after(self._settings.drain_timeout.total_seconds()):
                await asyncio.shield(self._task)

    async def close(self) -> None:
        """Stop at once: calls in flight are dropped and made again after the next start."""
        if self._closed:
            return
        self._closed = True
        self._loop.stop()
        tasks = [task for task in (self._task, self._sweeping) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._transports.close()
        await self._store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None:
            await self.drain()
        await self.close()

    async def send(
        self, events: Sequence[EventDraft], *, seed: EventSeed | None = None
    ) -> list[str]:
        """Accept events: once this returns they are durable, and so are the runs they start.

        With a seed their ids are fixed, and sending them again changes nothing.

        Raises:
            EventRejected: an event is not valid; none is accepted.
            LimitExceeded: an event is too large; none is accepted.
            StoreUnavailable: the events could not be stored; none is accepted.
        """
        self._check_running()
        now = self._clock.now_ms()
        planned = [
            self._planner.plan(
                check_event(draft),
                now=now,
                internal_id=None if seed is None else seed.event_id(position),
            )
            for position, draft in enumerate(events, start=1)
        ]
        if planned:
            self._deliver(await self._store.accept(planned, now=now))
            self._observer.accepted(len(planned))
        return [one.event.internal_id for one in planned]

    async def register(self, body: bytes) -> Registered:
        """Register an app from the body of its registration request.

        Raises:
            RegistrationRejected: the registration is not valid.
        """
        self._check_open()
        registered = await self._apps.register(body)
        self._plan_crons()
        return registered

    async def serve(
        self,
        client: inngest.Inngest,
        functions: Sequence[inngest.Function[Any]],
        *,
        through: Callable[[Transport], Transport] | None = None,
    ) -> Registered:
        """Register functions of this process and call them here, without HTTP.

        `through` may put something between the engine and the functions, as tests do.

        Raises:
            RegistrationRejected: a function's configuration is not valid.
        """
        self._check_open()
        transport: Transport = InProcessTransport(
            client,
            functions,
            clock=self._clock,
            send=self._send_sdk_events,
            max_threads=self._settings.max_threads,
        )
        if through is not None:
            transport = through(transport)
        self._transports.bind(client.app_id, transport)
        registered = await self._apps.register(in_process_registration(client, functions))
        self._plan_crons()
        return registered

    def bind_client(self, client: inngest.Inngest) -> None:
        """Make an SDK client of this process send its events straight into this engine."""
        bind_client(client, partial(self._send_sdk_events, key=None))

    def functions(self) -> list[FunctionConfig]:
        """Return the registered functions, by id."""
        return self._registry.functions()

    def apps(self) -> list[App]:
        """Return the registered apps, by id."""
        return self._registry.apps()

    async def invoke(
        self,
        function_id: str,
        data: Mapping[str, Json],
        *,
        user: Mapping[str, Json] | None = None,
    ) -> str:
        """Start a run of one function, whatever its triggers; return the event's internal id.

        Raises:
            FunctionNotFound: no app registers a function with this composite id.
        """
        self._check_running()
        if self._registry.get(function_id) is None:
            raise FunctionNotFound(f"could not find function with ID: {function_id}")
        now = self._clock.now_ms()
        marked = {**data, "_inngest": {"fn_id": function_id}}
        draft = EventDraft(name=FUNCTION_INVOKED, data=marked, user=user)
        planned = self._planner.plan(draft, now=now)
        self._deliver(await self._store.accept([planned], now=now))
        return planned.event.internal_id

    async def checkpoint(
        self,
        run_id: str,
        ops: Sequence[Op],
        *,
        item_id: int | None = None,
        generation: int | None = None,
    ) -> None:
        """Save steps an SDK reports while its call goes on; nothing when the run has ended.

        `item_id` is what the call's `qi_id` names, `generation` its `generation_id`.

        Raises:
            RunNotFound: no run has this id.
            StaleCall: the call has been made again since.
            ResponseRejected: an operation is not one that has settled its step.
            LimitExceeded: an output is too large.
        """
        self._check_running()
        await self._checkpoints.checkpoint(run_id, ops, item_id=item_id, generation=generation)

    async def begin_endpoint_run(
        self, run_id: str, draft: EventDraft, ops: Sequence[Op], *, retries: int
    ) -> None:
        """Make a request that executes steps itself a run, with the steps it has done so far.

        The request reports what follows with `report_endpoint_run`; when it is not heard of for
        five minutes, or waits for something, the engine calls the same endpoint again. Beginning
        it again with the same id, as after a lost answer, changes nothing.

        Raises:
            RunExists: another run has this id.
        """
        self._check_running()
        now = self._clock.now_ms()
        planned = self._planner.plan_endpoint(run_id, draft, retries=retries, now=now)
        kept = await self._store.get_run(run_id)
        if kept is None:
            self._deliver(await self._store.accept([planned], now=now))
        elif kept.function_id != planned.runs[0].run.function_id:
            raise RunExists(f"A run of {kept.function_id!r} has the id {run_id}")
        await self._checkpoints.report(run_id, ops)

    async def report_endpoint_run(self, run_id: str, ops: Sequence[Op]) -> None:
        """Take what a request reports of the run it is.

        Raises:
            RunNotFound: no run has this id.
        """
        self._check_running()
        await self._checkpoints.report(run_id, ops)

    def listen(self, listener: RunListener) -> None:
        """Let a listener hear of every step and end of a run from now on."""
        self._decisions.listeners.append(listener)

    async def attach_metadata(
        self, run_id: str, updates: Sequence[MetadataUpdate], *, step_id: str | None = None
    ) -> None:
        """Attach values to a run, which may have ended, or to its step with this hashed id.

        Raises:
            RunNotFound: no run has this id.
            LimitExceeded: it is more than a run may carry.
        """
        self._check_running()
        await self._checkpoints.attach(run_id, updates, step_id=step_id)

    async def signal(self, name: str, data: Json) -> str | None:
        """Send a signal; return the run that waited for it, or `None` when none did."""
        self._check_running()
        now = self._clock.now_ms()
        payload = msgspec.json.encode({"data": {"signal": name, "data": data}})
        item = await self._store.signal(name, payload, now=now)
        if item is None:
            return None
        self._agenda.add(item)
        return item.run_id

    async def wait_run(self, run_id: str) -> RunView:
        """Wait until a run has ended.

        Raises:
            RunNotFound: no run has this id.
        """
        while True:
            ended = self._waiters.setdefault(run_id, anyio.Event())
            view = await self._store.get_run(run_id)
            if view is None or view.status.is_terminal:
                self._waiters.pop(run_id, None)
            if view is None:
                raise RunNotFound(f"No run has the id {run_id}")
            if view.status.is_terminal:
                return view
            await ended.wait()

    async def settle(self) -> None:
        """Wait until nothing is due and no call is in flight; for tests on a virtual clock."""
        await self._loop.settle()

    @property
    def is_running(self) -> bool:
        """True from the start until the loop has ended, however it did."""
        return self._task is not None and not self._task.done()

    def next_due_at(self) -> int | None:
        """Return when the next item is due, in milliseconds since the epoch."""
        return self._agenda.next_due_at

    async def queue_due(self) -> int:
        """Return how many queue items are at work or should be: the backlog."""
        return await self._store.count_due(now=self._clock.now_ms())

    def _plan_crons(self) -> None:
        if self._task is not None:
            self._crons.plan(self._registry.functions())

    async def _send_sdk_events(
        self, events: Sequence[server_lib.Event], key: str | None
    ) -> list[str]:
        drafts = [
            EventDraft(name=one.name, data=one.data, id=one.id or None, ts=one.ts or None)
            for one in events
        ]
        return await self.send(drafts, seed=None if key is None else _seed(key))

    def _deliver(self, accepted: Accepted) -> None:
        for planned in accepted.started:
            self._observer.started(planned.run.function_id)
            if not planned.item.parked:
                is_plain = not planned.timers and not planned.pauses
                self._runs.add(RunState(run=planned.run, is_plain=is_plain))
            self._agenda.add(planned.item)
            for timer in planned.timers:
                self._agenda.add(timer)
        for item in accepted.resumed:
            self._agenda.add(item)

    def _ended(self, state: RunState) -> None:
        self._admission.end_run(state.run.id)
        waiter = self._waiters.pop(state.run.id, None)
        if waiter is not None:
            waiter.set()

    def _rules(self) -> Rules:
        settings = self._settings

        def delay(attempt: int) -> int:
            return retry_delay_ms(
                attempt, jitter=self._ids.jitter(), fixed_interval=settings.retry_interval
            )

        return Rules(
            retry_delay_ms=delay,
            index_wait=index_wait,
            limits=settings.limits,
            wait_lookback_ms=settings.wait_lookback // timedelta(milliseconds=1),
        )


def _seed(key: str) -> EventSeed:
    """Return ids' seed for what a step sends: the same each time the step executes."""
    run_id = key.partition(".")[0]
    entropy = hashlib.sha256(key.encode()).digest()[:10]
    return EventSeed(millis=parse_ulid(run_id).millis, entropy=entropy)
