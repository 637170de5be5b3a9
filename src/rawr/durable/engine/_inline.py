"""The SDK's step and execution, taught to commit a step and go on.

Over HTTP a step that has executed ends the call, and the function is replayed to get past it.
These subclasses commit the step through the engine instead and let the function go on with the
value a replay would give it. Everything else - errors, sleeps, waits, parallel groups, targeted
calls - is left to the SDK and ends the call as it does over HTTP.

This reaches into the SDK's private modules, hence its exact pin.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from inngest._internal import execution_lib, middleware_lib, server_lib, step_lib, types
from inngest._internal.execution_lib.models import ReportedStepSync
from inngest._internal.middleware_lib.manager import DEFAULT_CLIENT_MIDDLEWARE
from inngest._internal.step_lib.base import Output
from typing_extensions import TypeVarTuple, Unpack

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.op import Op, Opcode
from rawr.durable.engine.transport import Journal

_Args = TypeVarTuple("_Args")

_decode = msgspec.json.decode
#: The encoder the SDK uses over HTTP, so that both accept the same outputs.
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Tap:
    """Where the SDK's objects of one call reach the engine.

    Attributes:
        step_id: The hashed id of the step that executes now, or executed last.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        request: server_lib.ServerRequest,
        *,
        commits: bool,
        inputs: Mapping[str, bytes],
    ) -> None:
        self._inputs = inputs
        self.step_id: str | None = None
        self._started_at = 0
        self.context: execution_lib.Context | execution_lib.ContextSync | None = None
        self._journal = journal
        self._clock = clock
        self._request = request
        self._commits = commits

    def takes(self, interrupt: step_lib.ResponseInterrupt) -> bool:
        """True when the call can go on after this interruption: one step ran and succeeded."""
        return (
            self._commits
            and not step_lib.in_parallel.get()
            and len(interrupt.responses) == 1
            and interrupt.responses[0].step.op is server_lib.Opcode.STEP_RUN
        )

    def begin(self, info: step_lib.StepInfo) -> None:
        """Note that a step is about to execute."""
        self.step_id = info.id
        self._started_at = self._clock.now_ms()

    def arguments(self, own: tuple[object, ...]) -> Sequence[object]:
        """Return the arguments of the step that executes: its own, or those of a rerun."""
        given = self._inputs.get(self.step_id or "")
        if given is None:
            return own
        arguments: list[object] = _decode(given)
        return arguments

    @property
    def replaces_arguments(self) -> bool:
        """True when a step of this call may get other arguments than its own."""
        return bool(self._inputs)

    async def commit(self, info: step_lib.StepInfo, output: str) -> object:
        """Commit a step's output and return its value as a replay would."""
        op = Op(
            op=Opcode.STEP_RUN,
            id=info.id,
            name=info.name or "",
            display_name=info.display_name,
            data=output.encode(),
            started_at=self._started_at,
        )
        memo = _decode(await self._journal(op))
        # A saved step starts the count of attempts again, also for what this call does next.
        self._request.ctx.attempt = 0
        if self.context is not None:
            self.context.attempt = 0
        return memo["data"]

    def instant_after(self, duration: int | timedelta) -> datetime:
        """Return when a sleep that starts now ends; an `int` is milliseconds."""
        length = duration if isinstance(duration, timedelta) else timedelta(milliseconds=duration)
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC) + length


class Memos(step_lib.StepMemos):
    """Memos that are taken out one by one, without copying the rest each time."""

    def pop(self, hashed_id: str) -> Output | types.EmptySentinel:
        """Take a memo out."""
        return self._memos.pop(hashed_id, types.empty_sentinel)


class InlineExecution(execution_lib.ExecutionV0):
    """Notes which step executes."""

    tap: Tap

    async def report_step(self, step_info: step_lib.StepInfo) -> execution_lib.ReportedStep:
        """Look a step up before it executes."""
        self.tap.begin(step_info)
        return await super().report_step(step_info)


class InlineExecutionSync(execution_lib.ExecutionV0Sync):
    """Notes which step executes."""

    tap: Tap

    def report_step(self, step_info: step_lib.StepInfo) -> ReportedStepSync:
        """Look a step up before it executes."""
        self.tap.begin(step_info)
        return super().report_step(step_info)


class InlineStep(step_lib.Step):
    """Steps of an `async def` function."""

    tap: Tap

    async def run(
        self,
        step_id: str,
        handler: Callable[[Unpack[_Args]], Awaitable[types.T]],
        *handler_args: *_Args,
        output_type: object = types.EmptySentinel,
    ) -> types.T:
        """Run a step, commit it and go on."""
        if self.tap.replaces_arguments:
            handler = self._with_given_arguments(handler)
        try:
            return await super().run(step_id, handler, *handler_args, output_type=output_type)
        except step_lib.ResponseInterrupt as interrupt:
            if not self.tap.takes(interrupt):
                raise
            response = interrupt.responses[0]
            output = to_json(response.output)
            if output is None:
                raise  # the SDK says why, as it does over HTTP
            value = await self.tap.commit(response.step, output)
        return self._client._deserialize(value, output_type)  # type: ignore[return-value]  # noqa: SLF001 - the SDK types it as object

    def _with_given_arguments(
        self, handler: Callable[[Unpack[_Args]], Awaitable[types.T]]
    ) -> Callable[[Unpack[_Args]], Awaitable[types.T]]:
        async def call(*own: *_Args) -> types.T:
            return await handler(*self.tap.arguments(own))  # type: ignore[arg-type]  # a rerun's JSON

        return call

    async def sleep(self, step_id: str, duration: int | timedelta) -> None:
        """Sleep by the engine's clock."""
        await self.sleep_until(step_id, self.tap.instant_after(duration))


class InlineStepSync(step_lib.StepSync):
    """Steps of a plain function, which runs in a thread of its own."""

    tap: Tap
    loop: asyncio.AbstractEventLoop

    def run(
        self,
        step_id: str,
        handler: Callable[[Unpack[_Args]], types.T],
        *handler_args: *_Args,
        output_type: object = types.EmptySentinel,
    ) -> types.T:
        """Run a step, commit it and go on."""
        if self.tap.replaces_arguments:
            handler = self._with_given_arguments(handler)
        try:
            return super().run(step_id, handler, *handler_args, output_type=output_type)
        except step_lib.ResponseInterrupt as interrupt:
            if not self.tap.takes(interrupt):
                raise
            response = interrupt.responses[0]
            output = to_json(response.output)
            if output is None:
                raise
            committing = self.tap.commit(response.step, output)
            value = asyncio.run_coroutine_threadsafe(committing, self.loop).result()
        return self._client._deserialize(value, output_type)  # type: ignore[return-value]  # noqa: SLF001 - the SDK types it as object

    def _with_given_arguments(
        self, handler: Callable[[Unpack[_Args]], types.T]
    ) -> Callable[[Unpack[_Args]], types.T]:
        def call(*own: *_Args) -> types.T:
            return handler(*self.tap.arguments(own))  # type: ignore[arg-type]  # a rerun's JSON

        return call

    def sleep(self, step_id: str, duration: int | timedelta) -> None:
        """Sleep by the engine's clock."""
        self.sleep_until(step_id, self.tap.instant_after(duration))


def can_commit(
    middleware: middleware_lib.MiddlewareManager,
    own: Iterable[middleware_lib.UninitializedMiddleware],
) -> bool:
    """True when no middleware, the client's or the function's own, rewrites input or output.

    One that does (encryption, say) expects a fresh call after every step, so it gets one. A class
    that only looks at what it is given says so with `observes_only = True`.
    """
    kinds: list[middleware_lib.UninitializedMiddleware] = [
        *map(type, middleware.middleware),
        *own,
    ]
    return not any(_rewrites(kind) for kind in kinds)


def _rewrites(kind: middleware_lib.UninitializedMiddleware) -> bool:
    if kind in DEFAULT_CLIENT_MIDDLEWARE:
        return False
    if not isinstance(kind, type):
        return True  # a factory does not tell what it makes
    if getattr(kind, "observes_only", False):
        return False
    for hook in ("transform_input", "transform_output"):
        inherited = (
            getattr(middleware_lib.Middleware, hook),
            getattr(middleware_lib.MiddlewareSync, hook),
        )
        if getattr(kind, hook) not in inherited:
            return True
    return False


def to_json(output: object) -> str | None:
    """Return a value as JSON text; `None` when it is not JSON."""
    try:
        return _encode(output)
    except (TypeError, ValueError, RecursionError):
        return None
