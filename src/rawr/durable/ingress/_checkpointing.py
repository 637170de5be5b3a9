"""Calls that go on after a step: each is saved in a request of its own, and the next begins.

The SDK for Python ends a call with every step that has executed; the one for TypeScript saves it
and goes on (Inngest wire, checkpoint API). This does the same for functions on the former. What
it cannot do better than the SDK it leaves to the SDK: targeted calls, plans, retries, state that
has to be fetched, middleware that rewrites.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import anyio
import anyio.to_thread
import httpx2
import inngest
import msgspec
from inngest._internal import comm_lib, execution_lib, middleware_lib, net, server_lib

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.event import Event, Json
from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.op import Op
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import Run, RunState
from rawr.durable.engine._outbound import Outbound
from rawr.durable.engine._rewriting import can_commit
from rawr.durable.engine._session import Session
from rawr.durable.engine.transport import Call, CallAbandoned
from rawr.durable.protocol.call import ROOT_STEP_ID
from rawr.durable.protocol.signing import hash_signing_key

logger = logging.getLogger("rawr.durable")

#: After this a call ends with its next step, so that it stays clear of what proxies allow.
MAX_RUNTIME: Final = timedelta(seconds=10)
_SAVING: Final = timedelta(seconds=30)
_MAX_THREADS: Final = 40
_SAVED: Final = range(200, 300)
_PARTIAL: Final = 206


class _Stack(msgspec.Struct, frozen=True):
    stack: list[str] | None = None


class _Context(msgspec.Struct):
    run_id: str
    fn_id: str
    qi_id: str
    attempt: int = 0
    max_attempts: int = 4
    disable_immediate_execution: bool = False
    generation_id: int | None = None
    request_id: str = ""
    stack: _Stack = _Stack()


class _Event(msgspec.Struct):
    name: str
    data: dict[str, Json] | None = None
    id: str = ""
    ts: int = 0


class _Body(msgspec.Struct):
    """What is read of the body of a call."""

    ctx: _Context
    events: list[_Event]
    steps: dict[str, msgspec.Raw] | None = None
    use_api: bool = False


_BODY: Final = msgspec.json.Decoder(_Body)
_encode = msgspec.json.encode


class Checkpointing:
    """Runs calls of an app's functions with their steps saved as they are done."""

    def __init__(
        self,
        client: inngest.Inngest,
        functions: Sequence[inngest.Function[Any]],
        *,
        framework: server_lib.Framework,
        clock: Clock,
        max_runtime: timedelta = MAX_RUNTIME,
    ) -> None:
        self._client = client
        self._framework = framework
        self._clock = clock
        self._max_runtime_s = max_runtime.total_seconds()
        self._outbound = Outbound(timeout=_SAVING)
        self._threads = anyio.CapacityLimiter(_MAX_THREADS)
        self._timings = net.ServerTimings()
        self._functions = {
            function_id: (function, config)
            for function in functions
            if self._leaves_alone(function)
            for function_id, config in _configs(client, function)
        }

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()

    async def answer(
        self, body: bytes, *, function_id: str | None, step_id: str | None, key: str | None
    ) -> comm_lib.CommResponse | None:
        """Run a call and say how it ended; `None` when it is one for the SDK.

        `key` signed the request, if one did.
        """
        found = self._functions.get(function_id or "")
        if found is None or step_id not in {None, ROOT_STEP_ID}:
            return None
        function, config = found
        request = _read(body)
        if request is None:
            return None
        journal = _Journal(
            self._outbound,
            f"{self._client.api_origin.rstrip('/')}/v1/checkpoint/{request.ctx.run_id}/async",
            request.ctx,
            now_ms=self._clock.now_ms(),
            ends_at=time.monotonic() + self._max_runtime_s,
            key=key,
        )
        session = Session(
            _call(config, request),
            function,
            self._client,
            journal=journal.save,
            clock=self._clock,
            send=self._send,
            timings=self._timings,
        )
        try:
            result = await self._run(session, function)
        except CallAbandoned:
            return self._left_over(journal)
        return self._with_headers(
            comm_lib.CommResponse.from_call_result(
                self._client.logger,
                result,
                self._client.env,
                self._framework,
                self._client._mode,  # noqa: SLF001 - as the SDK's handler does
            )
        )

    async def _run(
        self, session: Session, function: inngest.Function[Any]
    ) -> execution_lib.CallResult:
        if function.is_handler_async:
            return await session.run()
        return await anyio.to_thread.run_sync(
            session.run_in_thread,
            asyncio.get_running_loop(),
            abandon_on_cancel=True,
            limiter=self._threads,
        )

    def _left_over(self, journal: "_Journal") -> comm_lib.CommResponse:
        """End the call with the step that could not be saved, or was the last of this call."""
        op = journal.left_over
        assert op is not None
        return self._with_headers(
            comm_lib.CommResponse(
                body=[_wire(op, msgspec.json.decode(_output(op)))], status_code=_PARTIAL
            )
        )

    def _with_headers(self, answer: comm_lib.CommResponse) -> comm_lib.CommResponse:
        headers = net.create_headers(
            env=self._client.env,
            framework=self._framework,
            server_kind=self._client._mode,  # noqa: SLF001 - as the SDK's handler does
        )
        answer.headers = {
            **answer.headers,
            **headers,
            server_lib.HeaderKey.SDK_HANDLED.value: "true",
        }
        return answer

    async def _send(self, events: Sequence[server_lib.Event], _key: str | None) -> list[str]:
        return await self._client.send(list(events), skip_middleware=True)

    def _leaves_alone(self, function: inngest.Function[Any]) -> bool:
        middleware = middleware_lib.MiddlewareManager.from_client(
            self._client, {}, net.ServerTimings()
        )
        return can_commit(middleware, function._middleware)  # noqa: SLF001 - the SDK has no public way to ask


class _Journal:
    """Saves the steps of one call."""

    def __init__(
        self,
        outbound: Outbound,
        url: str,
        context: _Context,
        *,
        now_ms: int,
        ends_at: float,
        key: str | None,
    ) -> None:
        self._outbound = outbound
        self._url = httpx2.URL(url)
        self._headers = {"content-type": "application/json"}
        if key is not None:
            self._headers["authorization"] = f"Bearer {hash_signing_key(key)}"
        self._ends_at = ends_at
        self._report: dict[str, Json] = {
            "run_id": context.run_id,
            "fn_id": context.fn_id,
            "qi_id": context.qi_id,
            "request_id": context.request_id,
            "generation_id": context.generation_id,
            "request_started_at": now_ms,
        }
        self.left_over: Op | None = None

    async def save(self, op: Op) -> bytes:
        """Save a step; return the memo that a replay would find.

        Raises:
            CallAbandoned: it is `left_over`, to be reported as the answer of the call.
        """
        if time.monotonic() < self._ends_at and await self._is_saved(op):
            return b'{"data":%b}' % _output(op)
        self.left_over = op
        raise CallAbandoned

    async def _is_saved(self, op: Op) -> bool:
        body = _encode(
            {**self._report, "steps": [_wire(op, msgspec.Raw(_output(op)))], "ts": op.started_at}
        )
        try:
            answer = await self._outbound.post(self._url, self._headers, body)
        except (httpx2.HTTPError, EngineError) as error:
            logger.info(
                "A step was not saved while its call went on: %s",
                error,
                extra={"action": "checkpoint_failed"},
            )
            return False
        return answer.status in _SAVED


def _read(body: bytes) -> _Body | None:
    try:
        request = _BODY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # the SDK says what is wrong with it
    context = request.ctx
    is_first = context.attempt == 0 and not context.disable_immediate_execution
    settled = set(context.stack.stack or ())
    # Arguments of a step that is to be executed again, say, are for the SDK.
    is_plain = bool(request.events) and settled == set(request.steps or ())
    return request if is_first and is_plain and not request.use_api else None


def _configs(
    client: inngest.Inngest, function: inngest.Function[Any]
) -> list[tuple[str, FunctionConfig]]:
    ids = [function.id, function.on_failure_fn_id]
    return [
        (one, FunctionConfig(id=one, app_id=client.app_id, name=one, url="")) for one in ids if one
    ]


def _call(config: FunctionConfig, request: _Body) -> Call:
    context = request.ctx
    events = tuple(
        Event(
            internal_id=one.id,
            id=one.id,
            name=one.name,
            data=one.data or {},
            ts=one.ts,
            received_at=one.ts,
            user={},
        )
        for one in request.events
    )
    steps = request.steps or {}
    run = Run(
        id=context.run_id,
        function_id=config.id,
        events=events,
        created_at=0,
        max_attempts=context.max_attempts,
    )
    state = RunState(
        run=run,
        memos={step: bytes(memo) for step, memo in steps.items()},
        stack=tuple(context.stack.stack or ()),
    )
    item = QueueItem(
        id=0,
        run_id=run.id,
        function_id=config.id,
        kind=ItemKind.CALL,
        due_at=0,
        max_attempts=context.max_attempts,
    )
    return Call(function=config, state=state, item=item, request_id=context.request_id)


def _output(op: Op) -> bytes:
    return op.data or b"null"


def _wire(op: Op, data: Json) -> dict[str, Json]:
    return {
        "op": op.op.value,
        "id": op.id,
        "name": op.name,
        "displayName": op.display_name,
        "opts": None,
        "data": data,
    }
