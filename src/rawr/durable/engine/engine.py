"""The embedded engine: events in, functions called, steps kept."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import httpx2
import inngest
from inngest._internal import server_lib

from rawr.durable.domain.clock import Clock, SystemClock
from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.function import App, FunctionConfig
from rawr.durable.domain.ulid import EventSeed, parse_ulid
from rawr.durable.engine._apps import Registered, in_process_registration
from rawr.durable.engine._bind import bind_client
from rawr.durable.engine._inprocess import InProcessTransport
from rawr.durable.engine._intake import Intake
from rawr.durable.engine._item_ids import ItemIds
from rawr.durable.engine._parts import Parts
from rawr.durable.engine._waits import match_value, wait_matches
from rawr.durable.engine.ids import Ids, SystemIds
from rawr.durable.engine.observer import Observer, RunListener, Unobserved
from rawr.durable.engine.settings import EngineSettings
from rawr.durable.engine.transport import Transport
from rawr.durable.store.port import RunView
from rawr.durable.store.sqlite import SQLiteStore


class Engine(Intake):
    """A durable engine in this process, on one data directory it alone owns.

    ```python
    async with await Engine.open(Path(".rawr/engine")) as engine:
        await engine.serve(client, [my_function])
        await engine.send([EventDraft(name="app/user.created", data={"id": 1})])
    ```
    """

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._sweeping: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
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
        parts = Parts(
            store,
            clock=clock,
            ids=ids or SystemIds(clock.now_ms),
            item_ids=item_ids,
            settings=settings or EngineSettings(),
            observer=observer or Unobserved(),
            http_client=http_client,
        )
        return cls(parts)

    async def start(self) -> None:
        """Take up everything a previous process left undone, and run."""
        recovery = await self._store.recover()
        self._parts.item_ids.start_after(recovery.last_item_id)
        await self._parts.apps.load()
        await self._parts.operations.load()
        await self._parts.admission.load()
        self._parts.crons.plan(self._parts.registry.functions())
        for slot in await self._store.waiting_slots():
            self._parts.slots.stored((slot, 1))
        # The first look into the store happens at once and finds whatever is due.
        self._parts.agenda.claimed(self._parts.clock.now_ms())
        self._task = asyncio.create_task(self._parts.loop.run(), name="durable-engine")
        self._sweeping = asyncio.create_task(self._parts.sweeper.run(), name="durable-sweeper")

    async def drain(self) -> None:
        """Start nothing more and let calls in flight end, up to the drain timeout."""
        self._parts.loop.stop()
        if self._task is not None:
            with anyio.move_on_after(self._parts.settings.drain_timeout.total_seconds()):
                await asyncio.shield(self._task)

    async def close(self) -> None:
        """Stop at once: calls in flight are dropped and made again after the next start."""
        if self._closed:
            return
        self._closed = True
        self._parts.loop.stop()
        tasks = [task for task in (self._task, self._sweeping) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._parts.transports.close()
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

    async def register(self, body: bytes) -> Registered:
        """Register an app from the body of its registration request.

        Raises:
            RegistrationRejected: the registration is not valid.
        """
        self._check_open()
        registered = await self._parts.apps.register(body)
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
            clock=self._parts.clock,
            send=self._send_sdk_events,
            max_threads=self._parts.settings.max_threads,
        )
        if through is not None:
            transport = through(transport)
        self._parts.transports.bind(client.app_id, transport)
        registered = await self._parts.apps.register(in_process_registration(client, functions))
        self._plan_crons()
        return registered

    def bind_client(self, client: inngest.Inngest) -> None:
        """Make an SDK client of this process send its events straight into this engine."""
        bind_client(client, partial(self._send_sdk_events, key=None))

    def functions(self) -> list[FunctionConfig]:
        """Return the registered functions, by id."""
        return self._parts.registry.functions()

    def apps(self) -> list[App]:
        """Return the registered apps, by id."""
        return self._parts.registry.apps()

    def listen(self, listener: RunListener) -> None:
        """Let a listener hear of every step and end of a run from now on."""
        self._parts.decisions.listeners.append(listener)

    async def wait_run(self, run_id: str) -> RunView:
        """Wait until a run has ended.

        Raises:
            RunNotFound: no run has this id.
        """
        return await self._parts.waiters.wait(run_id)

    async def settle(self) -> None:
        """Wait until nothing is due and no call is in flight; for tests on a virtual clock."""
        await self._parts.loop.settle()

    @property
    def is_running(self) -> bool:
        """True from the start until the loop has ended, however it did."""
        return self._task is not None and not self._task.done()

    def next_due_at(self) -> int | None:
        """Return when the next item is due, in milliseconds since the epoch."""
        return self._parts.agenda.next_due_at

    def _plan_crons(self) -> None:
        if self._task is not None:
            self._parts.crons.plan(self._parts.registry.functions())

    async def _send_sdk_events(
        self, events: Sequence[server_lib.Event], key: str | None
    ) -> list[str]:
        drafts = [
            EventDraft(name=one.name, data=one.data, id=one.id or None, ts=one.ts or None)
            for one in events
        ]
        return await self.send(drafts, seed=None if key is None else _seed(key))


def _seed(key: str) -> EventSeed:
    """Return ids' seed for what a step sends: the same each time the step executes."""
    run_id = key.partition(".")[0]
    entropy = hashlib.sha256(key.encode()).digest()[:10]
    return EventSeed(millis=parse_ulid(run_id).millis, entropy=entropy)
