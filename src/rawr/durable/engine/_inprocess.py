"""Calling functions of this process: no HTTP, and steps committed while the function goes on."""

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio
import anyio.to_thread
import inngest
import msgspec
from inngest._internal import (
    comm_lib,
    execution_lib,
    middleware_lib,
    net,
    server_lib,
    step_lib,
)

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.event import Event
from rawr.durable.domain.op import Errored, Response, Returned, RunError
from rawr.durable.engine._inline import (
    InlineExecution,
    InlineExecutionSync,
    InlineStep,
    InlineStepSync,
    Memos,
    Tap,
    can_commit,
    to_json,
)
from rawr.durable.engine.transport import Call, Journal
from rawr.durable.protocol.call import job_id
from rawr.durable.protocol.response import Answer, parse_answer

_decode = msgspec.json.decode
_encode = msgspec.json.encode

SendEvents = Callable[[Sequence[server_lib.Event], str | None], Awaitable[list[str]]]
"""Sends SDK events into the engine. With a key, sending them again under it changes nothing."""

_Function = inngest.Function[Any]


class InProcessTransport:
    """Calls the functions of one SDK client that live in this process."""

    def __init__(
        self,
        client: inngest.Inngest,
        functions: Sequence[_Function],
        *,
        clock: Clock,
        send: SendEvents,
        max_threads: int,
    ) -> None:
        self._client = client
        self._clock = clock
        self._send = send
        self._threads = anyio.CapacityLimiter(max_threads)
        self._functions: dict[str, _Function] = {}
        for function in functions:
            self._functions[function.id] = function
            if function.on_failure_fn_id is not None:
                self._functions[function.on_failure_fn_id] = function

    async def call(self, call: Call, journal: Journal) -> Response:
        """Run the function until it returns, fails, or cannot go on without the engine."""
        function = self._functions.get(call.function.id)
        if function is None:
            message = f"This process does not serve the function {call.function.id!r}"
            return Errored(error=RunError(name="FunctionNotFound", message=message))
        session = _Session(
            call, function, self._client, journal=journal, clock=self._clock, send=self._send
        )
        if function.is_handler_async:
            result = await session.run()
        else:
            loop = asyncio.get_running_loop()
            # A thread cannot be stopped; when the engine closes, what it still does is void.
            result = await anyio.to_thread.run_sync(
                session.run_in_thread, loop, abandon_on_cancel=True, limiter=self._threads
            )
        return self._response(result)

    async def close(self) -> None:
        """Nothing to release: threads end with their functions."""

    def _response(self, result: execution_lib.CallResult) -> Response:
        if result.error is None and result.multi is None:
            output = to_json(None if result.is_empty else result.output)
            if output is not None:
                return Returned(output=output.encode())
        # Through the SDK's own encoding, so that both transports agree on every edge.
        answer = comm_lib.CommResponse.from_call_result(
            self._client.logger, result, None, server_lib.Framework.CONNECT, None
        )
        headers = {"x-inngest-sdk": "inngest-py", **answer.headers}
        return parse_answer(
            Answer(
                status=answer.status_code,
                headers={name.lower(): value for name, value in headers.items()},
                body=json.dumps(answer.body).encode(),
            ),
            now_ms=self._clock.now_ms(),
        )


class _Session:
    """One call: the SDK's objects for it, wired to the engine."""

    def __init__(
        self,
        call: Call,
        function: _Function,
        client: inngest.Inngest,
        *,
        journal: Journal,
        clock: Clock,
        send: SendEvents,
    ) -> None:
        self._call = call
        self._function = function
        self._send = send
        self._target = call.item.step_id
        # A copy, because its `send` is this call's own.
        self._client = copy.copy(client)
        self._timings = net.ServerTimings()
        self._middleware = middleware_lib.MiddlewareManager.from_client(client, {}, self._timings)
        self._memos = _memos(call)
        self._request = _request(call)
        commits = self._target is None and can_commit(
            self._middleware,
            function._middleware,  # noqa: SLF001 - the SDK has no public way to ask
        )
        self._tap = Tap(journal, clock, self._request, commits=commits, inputs=call.state.inputs)

    async def run(self) -> execution_lib.CallResult:
        """Run an `async def` function."""
        setattr(self._client, "send", self._send_async)  # noqa: B010 - of this copy alone
        execution = InlineExecution(
            self._memos, self._middleware, self._request, self._target, self._timings
        )
        step = InlineStep(
            self._client, execution, self._middleware, step_lib.StepIDCounter(), self._target
        )
        execution.tap = step.tap = self._tap
        context = execution_lib.Context(**self._context(), group=step_lib.Group(), step=step)
        self._tap.context = context
        return await self._function.call(
            self._client, context, self._call.function.id, self._middleware
        )

    def run_in_thread(self, loop: asyncio.AbstractEventLoop) -> execution_lib.CallResult:
        """Run a plain function; to be called in a thread other than the loop's."""

        def send(
            events: server_lib.Event | list[server_lib.Event], *, skip_middleware: bool = False
        ) -> list[str]:
            sending = self._send_async(events, skip_middleware=skip_middleware)
            return asyncio.run_coroutine_threadsafe(sending, loop).result()

        setattr(self._client, "send_sync", send)  # noqa: B010 - of this copy alone
        execution = InlineExecutionSync(
            self._memos, self._middleware, self._request, self._target, self._timings
        )
        step = InlineStepSync(
            self._client, execution, self._middleware, step_lib.StepIDCounter(), self._target
        )
        execution.tap = step.tap = self._tap
        step.loop = loop
        context = execution_lib.ContextSync(
            **self._context(), group=step_lib.GroupSync(), step=step
        )
        self._tap.context = context
        return self._function.call_sync(
            self._client, context, self._call.function.id, self._middleware
        )

    def _context(self) -> dict[str, Any]:
        return {
            "attempt": self._call.item.attempt,
            "event": self._request.event,
            "events": self._request.events,
            "job_id": job_id(self._call.item),
            "logger": self._client.logger,
            "request_id": self._call.request_id,
            "run_id": self._call.state.run.id,
        }

    async def _send_async(
        self,
        events: server_lib.Event | list[server_lib.Event],
        *,
        skip_middleware: bool = False,  # noqa: ARG002 - the SDK's steps run the hooks themselves
    ) -> list[str]:
        batch = events if isinstance(events, list) else [events]
        return await self._send(batch, f"{self._call.state.run.id}.{self._tap.step_id}")


def _memos(call: Call) -> Memos:
    state = call.state
    if not state.stack:
        return Memos({})
    raw = {step: _decode(state.memos[step]) for step in state.stack}
    return Memos(step_lib.StepMemos.from_raw(raw)._memos)  # noqa: SLF001 - of the pinned SDK


def _request(call: Call) -> server_lib.ServerRequest:
    state, item = call.state, call.item
    events = [_sdk_event(event) for event in state.run.events]
    # Built without validation: the values are the engine's own.
    return server_lib.ServerRequest.model_construct(
        ctx=server_lib.ServerRequestCtx.model_construct(
            attempt=item.attempt,
            disable_immediate_execution=state.force_step_plan,
            max_attempts=item.max_attempts,
            run_id=state.run.id,
            stack=server_lib.ServerRequestCtxStack.model_construct(stack=list(state.stack)),
        ),
        event=events[0],
        events=events,
        steps={},
        use_api=False,
    )


def _sdk_event(event: Event) -> server_lib.Event:
    # A copy of the data, so that what the function does to it is not seen by its next call.
    data = _decode(_encode(event.data))
    return server_lib.Event(data=data, id=event.id, name=event.name, ts=event.ts)
