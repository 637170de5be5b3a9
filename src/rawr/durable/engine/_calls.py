"""Calling functions for queue items, and deciding on what their calls come to."""

from rawr.durable.domain import machine
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.endpoint import endpoint_function
from rawr.durable.domain.errors import StoreUnavailable
from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.op import Errored, Op, Reported, Response, Returned, RunError
from rawr.durable.domain.run import RunState
from rawr.durable.engine._admission import Admission
from rawr.durable.engine._decisions import Decisions, Hand, drop
from rawr.durable.engine._late_starts import LateStarts
from rawr.durable.engine._live import LiveRun
from rawr.durable.engine._registry import Registry
from rawr.durable.engine._transports import Transports
from rawr.durable.engine.ids import Ids
from rawr.durable.engine.observer import CallOutcome, Observer
from rawr.durable.engine.transport import Call, CallAbandoned, Journal


class Calls:
    """Makes the calls of runs, as many at once as their functions allow."""

    def __init__(
        self,
        *,
        decisions: Decisions,
        admission: Admission,
        late_starts: LateStarts,
        registry: Registry,
        transports: Transports,
        clock: Clock,
        ids: Ids,
        observer: Observer,
    ) -> None:
        self._decisions = decisions
        self._admission = admission
        self._late_starts = late_starts
        self._registry = registry
        self._transports = transports
        self._clock = clock
        self._ids = ids
        self._observer = observer

    async def call(self, live: LiveRun, state: RunState, hand: Hand) -> None:
        """Call a run's function and decide on the response, unless it is not to be called now.

        Raises:
            StoreUnavailable: the outcome could not be stored; the item is still to be done.
        """
        function = self._registry.get(state.run.function_id) or endpoint_function(state.run)
        if hand.item.payload is not None and function is not None:
            begun = await self._late_starts.begin(live, hand.item, function)
            if begun is None:
                return
            state, hand.item = begun
        if machine.call_item_is_stale(state, hand.item):
            await self._decisions.decide(live, hand, drop)
        elif function is None:
            await self._respond(live, hand, _missing(state), called_at=self._begin(live))
        else:
            await self._call(live, state, hand, function)

    async def request(self, live: LiveRun, state: RunState, hand: Hand) -> None:
        """Make the HTTP request of an open step and decide on the answer.

        Raises:
            StoreUnavailable: the outcome could not be stored; the item is still to be done.
        """
        item = hand.item
        if item.step_id not in state.open:
            await self._decisions.decide(live, hand, drop)
            return
        response = await self._transports.gateway(item)
        rules = self._decisions.rules
        await self._decisions.decide(
            live,
            hand,
            lambda now_state, now: machine.gateway_answered(
                now_state, hand.item, response, now=now, rules=rules
            ),
        )

    async def _call(
        self, live: LiveRun, state: RunState, hand: Hand, function: FunctionConfig
    ) -> None:
        slots = await self._admission.admit(state, hand.item, function)
        if slots is None:
            return
        try:
            called_at = self._begin(live)
            call = Call(function=function, state=state, item=hand.item, request_id=self._ids.ulid())
            try:
                response = await self._transports.call(call, self._journal(live, hand))
            except CallAbandoned as abandoned:
                self._tell(function, "abandoned", called_at)
                if isinstance(abandoned.__cause__, StoreUnavailable):
                    raise abandoned.__cause__ from None
                await self._decisions.decide(live, hand, drop)
            else:
                self._tell(function, _outcome(response), called_at)
                await self._respond(live, hand, response, called_at=called_at)
        finally:
            self._admission.release(slots)

    def _begin(self, live: LiveRun) -> int:
        called_at = self._clock.now_ms()
        if live.called_at is None:
            live.called_at = called_at
        return called_at

    def _tell(self, function: FunctionConfig, outcome: CallOutcome, called_at: int) -> None:
        self._observer.called(function.id, outcome, self._clock.now_ms() - called_at)

    async def _respond(
        self, live: LiveRun, hand: Hand, response: Response, *, called_at: int
    ) -> None:
        rules = self._decisions.rules
        await self._decisions.decide(
            live,
            hand,
            lambda state, now: machine.respond(
                state, hand.item, response, now=now, rules=rules, called_at=called_at
            ),
        )

    def _journal(self, live: LiveRun, hand: Hand) -> Journal:
        decide, rules = self._decisions.decide, self._decisions.rules

        async def journal(op: Op) -> bytes:
            try:
                await decide(
                    live,
                    hand,
                    lambda state, now: machine.checkpoint(
                        state, hand.item, (op,), now=now, rules=rules
                    ),
                )
            except StoreUnavailable as error:
                # No fault of the function's: it must not see it, nor lose an attempt by it.
                raise CallAbandoned from error
            state = live.state
            memo = None if state is None else state.memos.get(op.id)
            if memo is None or (state is not None and state.status.is_terminal):
                raise CallAbandoned
            return memo

        return journal


def _missing(state: RunState) -> Errored:
    return Errored(
        error=RunError(
            name="FunctionNotFound",
            message=f"No app registers the function {state.run.function_id!r} any more",
        ),
        no_retry=True,
    )


def _outcome(response: Response) -> CallOutcome:
    match response:
        case Returned():
            return "returned"
        case Reported():
            return "reported"
        case Errored():
            return "errored"
