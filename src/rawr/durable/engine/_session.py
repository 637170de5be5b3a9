"""One call of a function of this process: the SDK's objects for it, wired to the engine."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import inngest
import msgspec
from inngest._internal import execution_lib, middleware_lib, net, server_lib, step_lib

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.event import Event
from rawr.durable.engine._inline import (
    InlineExecution,
    InlineExecutionSync,
    InlineStep,
    InlineStepSync,
    Memos,
    StepCounts,
)
from rawr.durable.engine._rewriting import can_commit
from rawr.durable.engine._tap import Attempt, Tap
from rawr.durable.engine.transport import Call, Journal
from rawr.durable.protocol.call import job_id

_decode = msgspec.json.decode
_encode = msgspec.json.encode

SendEvents = Callable[[Sequence[server_lib.Event], str | None], Awaitable[list[str]]]
"""Sends SDK events into the engine. With a key, sending them again under it changes nothing."""

Function = inngest.Function[Any]


class _Request:
    """What the SDK's execution reads of a request: it was one over HTTP."""

    __slots__ = ("ctx",)

    def __init__(self, attempt: Attempt) -> None:
        self.ctx = attempt


class _Sender:
    """Sends the events of one call, those of a step only once however often it executes."""

    __slots__ = ("_run_id", "_send", "_tap")

    def __init__(self, send: SendEvents, run_id: str, tap: Tap) -> None:
        self._send = send
        self._run_id = run_id
        self._tap = tap

    async def send(
        self,
        events: server_lib.Event | list[server_lib.Event],
        *,
        skip_middleware: bool = False,  # noqa: ARG002 - the SDK's steps run the hooks themselves
    ) -> list[str]:
        batch = events if isinstance(events, list) else [events]
        return await self._send(batch, f"{self._run_id}.{self._tap.step_id}")


class Session:
    """One call: the SDK's objects for it, wired to the engine.

    None of them leads back to itself, or the collector would have to find what each call leaves.
    """

    def __init__(
        self,
        call: Call,
        function: Function,
        client: inngest.Inngest,
        *,
        journal: Journal,
        clock: Clock,
        send: SendEvents,
        timings: net.ServerTimings,
    ) -> None:
        state, item = call.state, call.item
        self._call = call
        self._function = function
        self._client = _copy(client)
        self._timings = timings
        self._middleware = middleware_lib.MiddlewareManager.from_client(client, {}, timings)
        self._memos = _memos(call)
        attempt = Attempt(
            attempt=item.attempt,
            disable_immediate_execution=state.force_step_plan,
            max_attempts=item.max_attempts,
        )
        self._request = cast("server_lib.ServerRequest", _Request(attempt))
        commits = item.step_id is None and can_commit(
            self._middleware,
            function._middleware,  # noqa: SLF001 - the SDK has no public way to ask
        )
        self._tap = Tap(journal, clock, attempt, commits=commits, inputs=state.inputs)
        self._sender = _Sender(send, state.run.id, self._tap)

    async def run(self) -> execution_lib.CallResult:
        """Run an `async def` function."""
        target = self._call.item.step_id
        setattr(self._client, "send", self._sender.send)  # noqa: B010 - of this copy alone
        execution = InlineExecution(
            self._memos, self._middleware, self._request, target, self._timings
        )
        step = InlineStep(self._client, execution, self._middleware, StepCounts(), target)
        execution.tap = step.tap = self._tap
        context = execution_lib.Context(**self._context(), group=step_lib.Group(), step=step)
        self._tap.context = context
        try:
            return await self._function.call(
                self._client, context, self._call.function.id, self._middleware
            )
        finally:
            self._tap.context = None
            del step.ai  # it leads back to the step

    def run_in_thread(self, loop: asyncio.AbstractEventLoop) -> execution_lib.CallResult:
        """Run a plain function; to be called in a thread other than the loop's."""
        target = self._call.item.step_id
        sender = self._sender

        def send(
            events: server_lib.Event | list[server_lib.Event], *, skip_middleware: bool = False
        ) -> list[str]:
            sending = sender.send(events, skip_middleware=skip_middleware)
            return asyncio.run_coroutine_threadsafe(sending, loop).result()

        setattr(self._client, "send_sync", send)  # noqa: B010 - of this copy alone
        execution = InlineExecutionSync(
            self._memos, self._middleware, self._request, target, self._timings
        )
        step = InlineStepSync(
            self._client, execution, self._middleware, step_lib.StepIDCounter(), target
        )
        execution.tap = step.tap = self._tap
        step.loop = loop
        context = execution_lib.ContextSync(
            **self._context(), group=step_lib.GroupSync(), step=step
        )
        self._tap.context = context
        try:
            return self._function.call_sync(
                self._client, context, self._call.function.id, self._middleware
            )
        finally:
            self._tap.context = None
            del step.ai  # it leads back to the step

    def _context(self) -> dict[str, Any]:
        events = [_sdk_event(event) for event in self._call.state.run.events]
        return {
            "attempt": self._call.item.attempt,
            "event": events[0],
            "events": events,
            "job_id": job_id(self._call.item),
            "logger": self._client.logger,
            "request_id": self._call.request_id,
            "run_id": self._call.state.run.id,
        }


def _copy(client: inngest.Inngest) -> inngest.Inngest:
    """Return a copy whose `send` can be a call's own; `copy.copy` takes four times as long."""
    copied = object.__new__(type(client))
    copied.__dict__.update(client.__dict__)
    return copied


def _memos(call: Call) -> Memos:
    state = call.state
    if not state.stack:
        return Memos({})
    raw = {step: _decode(state.memos[step]) for step in state.stack}
    return Memos(step_lib.StepMemos.from_raw(raw)._memos)  # noqa: SLF001 - of the pinned SDK


def _sdk_event(event: Event) -> server_lib.Event:
    # A copy of the data, so that what the function does to it is not seen by its next call.
    data = _decode(_encode(event.data))
    return server_lib.Event(data=data, id=event.id, name=event.name, ts=event.ts)
