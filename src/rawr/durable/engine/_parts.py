"""What an engine consists of, put together."""

from datetime import timedelta

import httpx2

from rawr.durable.domain.backoff import retry_delay_ms
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.draft import Rules
from rawr.durable.domain.run import RunState
from rawr.durable.engine._admission import Admission
from rawr.durable.engine._agenda import Agenda
from rawr.durable.engine._apps import Apps
from rawr.durable.engine._calls import Calls
from rawr.durable.engine._checkpoints import Checkpoints
from rawr.durable.engine._cron import Crons
from rawr.durable.engine._decisions import Decisions, Hand
from rawr.durable.engine._delivery import Delivery
from rawr.durable.engine._executor import Executor
from rawr.durable.engine._gateway import Gateway
from rawr.durable.engine._http import HTTPTransport
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
from rawr.durable.engine._waiters import Waiters
from rawr.durable.engine._waits import index_wait
from rawr.durable.engine.ids import Ids
from rawr.durable.engine.observer import Observer
from rawr.durable.engine.settings import EngineSettings
from rawr.durable.store.port import Store


class Parts:
    """The parts of one engine; each knows those it works with, and none knows the engine."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        ids: Ids,
        item_ids: ItemIds,
        settings: EngineSettings,
        observer: Observer,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids
        self.item_ids = item_ids
        self.settings = settings
        self.observer = observer
        self.runs = LiveRuns(store, max_bytes=settings.cached_bytes)
        self.registry = Registry()
        self.apps = Apps(self.registry, store, clock)
        self.agenda = Agenda(clock)
        self.crons = Crons(clock, self.agenda.hold)
        self.slots = Slots(room=max(1, settings.ready_limit // 8))
        self.waiters = Waiters(store)
        self.sweeper = Sweeper(store, clock, settings.retention)
        self.delivery = Delivery(runs=self.runs, agenda=self.agenda, observer=observer)
        self.planner = Planner(
            self.registry,
            ids=ids,
            allocate=item_ids,
            is_full=lambda: len(self.agenda) >= settings.ready_limit,
        )
        self.transports = self._transports(http_client)
        self.admission = Admission(
            slots=self.slots, store=store, registry=self.registry, hold=self.agenda.add
        )
        self.decisions = self._decisions()
        hands: dict[int, Hand] = {}
        self.checkpoints = Checkpoints(
            decisions=self.decisions, runs=self.runs, store=store, hands=hands
        )
        self.executor = self._executor(hands)
        self.operations = self._operations()
        self.loop = self._loop()

    def _transports(self, http_client: httpx2.AsyncClient | None) -> Transports:
        settings = self.settings
        outbound = Outbound(timeout=settings.call_timeout, client=http_client)
        return Transports(
            HTTPTransport(outbound, clock=self.clock, signing_keys=settings.signing_keys),
            Gateway(outbound),
            unbound_retry=settings.unbound_retry,
        )

    def _decisions(self) -> Decisions:
        return Decisions(
            store=self.store,
            planner=self.planner,
            rules=self._rules(),
            clock=self.clock,
            observer=self.observer,
            deliver=self.delivery.deliver,
            hold=self.agenda.add,
            ended=self._ended,
        )

    def _executor(self, hands: dict[int, Hand]) -> Executor:
        return Executor(
            store=self.store,
            runs=self.runs,
            registry=self.registry,
            planner=self.planner,
            decisions=self.decisions,
            calls=self._calls(),
            crons=self.crons,
            clock=self.clock,
            deliver=self.delivery.deliver,
            hands=hands,
        )

    def _calls(self) -> Calls:
        late_starts = LateStarts(
            store=self.store,
            planner=self.planner,
            clock=self.clock,
            deliver=self.delivery.deliver,
            hold=self.agenda.add,
            ended=self.decisions.end_unstarted,
        )
        return Calls(
            decisions=self.decisions,
            admission=self.admission,
            late_starts=late_starts,
            registry=self.registry,
            transports=self.transports,
            clock=self.clock,
            ids=self.ids,
            observer=self.observer,
        )

    def _operations(self) -> Operations:
        return Operations(
            store=self.store,
            registry=self.registry,
            planner=self.planner,
            executor=self.executor,
            clock=self.clock,
            ids=self.ids,
            hold=self.agenda.add,
            observer=self.observer,
        )

    def _loop(self) -> Loop:
        return Loop(
            agenda=self.agenda,
            slots=self.slots,
            store=self.store,
            clock=self.clock,
            work=self.executor.work,
            overflow=self.admission.overflow,
            preload=self.runs.preload,
            max_calls=self.settings.max_calls,
            ready_limit=self.settings.ready_limit,
        )

    def _rules(self) -> Rules:
        settings = self.settings

        def delay(attempt: int) -> int:
            return retry_delay_ms(
                attempt, jitter=self.ids.jitter(), fixed_interval=settings.retry_interval
            )

        return Rules(
            retry_delay_ms=delay,
            index_wait=index_wait,
            limits=settings.limits,
            wait_lookback_ms=settings.wait_lookback // timedelta(milliseconds=1),
        )

    def _ended(self, state: RunState) -> None:
        self.admission.end_run(state.run.id)
        self.waiters.tell(state.run.id)
