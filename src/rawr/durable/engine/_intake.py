"""What comes into an engine: events, and what is reported of runs."""

from collections.abc import Mapping, Sequence

import msgspec

from rawr.durable.domain.errors import FunctionNotFound, RunExists
from rawr.durable.domain.event import FUNCTION_INVOKED, EventDraft, Json
from rawr.durable.domain.op import MetadataUpdate, Op
from rawr.durable.domain.span import Span
from rawr.durable.domain.ulid import EventSeed
from rawr.durable.engine._control import Control
from rawr.durable.protocol.events import check_event


class Intake(Control):
    """The part of an engine that takes events, and reports of calls that go on elsewhere."""

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
        now = self._parts.clock.now_ms()
        planned = [
            self._parts.planner.plan(
                check_event(draft),
                now=now,
                internal_id=None if seed is None else seed.event_id(position),
            )
            for position, draft in enumerate(events, start=1)
        ]
        if planned:
            self._parts.delivery.deliver(await self._store.accept(planned, now=now))
            self._parts.observer.accepted(len(planned))
        return [one.event.internal_id for one in planned]

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
        if self._parts.registry.get(function_id) is None:
            raise FunctionNotFound(f"could not find function with ID: {function_id}")
        now = self._parts.clock.now_ms()
        marked = {**data, "_inngest": {"fn_id": function_id}}
        draft = EventDraft(name=FUNCTION_INVOKED, data=marked, user=user)
        planned = self._parts.planner.plan(draft, now=now)
        self._parts.delivery.deliver(await self._store.accept([planned], now=now))
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
        await self._parts.checkpoints.checkpoint(
            run_id, ops, item_id=item_id, generation=generation
        )

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
        now = self._parts.clock.now_ms()
        planned = self._parts.planner.plan_endpoint(run_id, draft, retries=retries, now=now)
        kept = await self._store.get_run(run_id)
        if kept is None:
            self._parts.delivery.deliver(await self._store.accept([planned], now=now))
        elif kept.function_id != planned.runs[0].run.function_id:
            raise RunExists(f"A run of {kept.function_id!r} has the id {run_id}")
        await self._parts.checkpoints.report(run_id, ops)

    async def report_endpoint_run(self, run_id: str, ops: Sequence[Op]) -> None:
        """Take what a request reports of the run it is.

        Raises:
            RunNotFound: no run has this id.
        """
        self._check_running()
        await self._parts.checkpoints.report(run_id, ops)

    async def attach_metadata(
        self, run_id: str, updates: Sequence[MetadataUpdate], *, step_id: str | None = None
    ) -> None:
        """Attach values to a run, which may have ended, or to its step with this hashed id.

        Raises:
            RunNotFound: no run has this id.
            LimitExceeded: it is more than a run may carry.
        """
        self._check_running()
        await self._parts.checkpoints.attach(run_id, updates, step_id=step_id)

    async def attach_spans(self, spans: Sequence[Span]) -> int:
        """Keep spans of runs; return how many belong to runs that exist and have room for them."""
        self._check_running()
        return await self._store.attach_spans(spans)

    async def signal(self, name: str, data: Json) -> str | None:
        """Send a signal; return the run that waited for it, or `None` when none did."""
        self._check_running()
        now = self._parts.clock.now_ms()
        payload = msgspec.json.encode({"data": {"signal": name, "data": data}})
        item = await self._store.signal(name, payload, now=now)
        if item is None:
            return None
        self._parts.agenda.add(item)
        return item.run_id
