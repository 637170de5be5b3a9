"""Calling functions of this process: no HTTP, and steps committed while the function goes on."""

import asyncio
import json
from collections.abc import Sequence

import anyio
import anyio.to_thread
import inngest
from inngest._internal import comm_lib, execution_lib, net, server_lib

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.op import Errored, Response, Returned, RunError
from rawr.durable.engine._session import Function, SendEvents, Session
from rawr.durable.engine._tap import to_json
from rawr.durable.engine.transport import Call, Journal
from rawr.durable.protocol.response import Answer, parse_answer


class InProcessTransport:
    """Calls the functions of one SDK client that live in this process."""

    def __init__(
        self,
        client: inngest.Inngest,
        functions: Sequence[Function],
        *,
        clock: Clock,
        send: SendEvents,
        max_threads: int,
    ) -> None:
        self._client = client
        # What the SDK tells of over HTTP alone: nobody reads it here.
        self._timings = net.ServerTimings()
        self._clock = clock
        self._send = send
        self._threads = anyio.CapacityLimiter(max_threads)
        self._functions: dict[str, Function] = {}
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
        session = Session(
            call,
            function,
            self._client,
            journal=journal,
            clock=self._clock,
            send=self._send,
            timings=self._timings,
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
