"""The SDK's step and execution, taught to commit a step and go on.

Over HTTP a step that has executed ends the call, and the function is replayed to get past it.
These subclasses commit the step through the engine instead and let the function go on with the
value a replay would give it. Everything else - errors, sleeps, waits, parallel groups, targeted
calls - is left to the SDK and ends the call as it does over HTTP.

A new step of an `async def` function does without the objects by which the SDK tells a server of
a step: they cost more than the step's commit. Whatever turns out not to be a plain success is
replayed to the SDK, which says what it means.

This reaches into the SDK's private modules, hence its exact pin.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any, NoReturn

from inngest._internal import execution_lib, step_lib, transforms, types
from inngest._internal.execution_lib.models import ReportedStepSync, _in_step
from inngest._internal.step_lib.base import Output
from typing_extensions import TypeVarTuple, Unpack

from rawr.durable.engine._tap import Tap, to_json

_Args = TypeVarTuple("_Args")

#: Runs of a function have the same steps.
_hashed = lru_cache(maxsize=4096)(transforms.hash_step_id)


class Memos(step_lib.StepMemos):
    """Memos that are taken out one by one, without copying the rest each time."""

    def pop(self, hashed_id: str) -> Output | types.EmptySentinel:
        """Take a memo out."""
        return self._memos.pop(hashed_id, types.empty_sentinel)

    def get(self, hashed_id: str) -> Output | None:
        """Return a memo, which stays."""
        return self._memos.get(hashed_id)


class StepCounts(step_lib.StepIDCounter):
    """How often each step id was used; a use can be counted once for two looks at it.

    Without the SDK's lock: all that counts is on the event loop.
    """

    def __init__(self) -> None:
        super().__init__()
        self._again: int | None = None

    def increment(self, hashed_id: str) -> int:
        """Count a use of an id, or return the number that is to be used again."""
        again, self._again = self._again, None
        if again is not None:
            return again
        number = self._counts[hashed_id] = self._counts.get(hashed_id, 0) + 1
        return number

    def repeat(self, number: int) -> None:
        """Let the next use be the one that was counted as this number."""
        self._again = number


class InlineExecution(execution_lib.ExecutionV0):
    """Notes which step executes."""

    tap: Tap
    _memos: Memos

    async def report_step(self, step_info: step_lib.StepInfo) -> execution_lib.ReportedStep:
        """Look a step up before it executes."""
        self.tap.begin(step_info.id)
        return await super().report_step(step_info)

    def memo(self, hashed_id: str) -> Output | None:
        """Return what a step came to; `None` when it is new."""
        return self._memos.get(hashed_id)

    async def recalled(self, hashed_id: str) -> None:
        """Note that a step was looked up, as `report_step` does."""
        self._memos.pop(hashed_id)
        if not self._memos.size:
            await self._middleware.before_execution()


class InlineExecutionSync(execution_lib.ExecutionV0Sync):
    """Notes which step executes."""

    tap: Tap

    def report_step(self, step_info: step_lib.StepInfo) -> ReportedStepSync:
        """Look a step up before it executes."""
        self.tap.begin(step_info.id)
        return super().report_step(step_info)


class InlineStep(step_lib.Step):
    """Steps of an `async def` function."""

    tap: Tap
    _execution: InlineExecution
    _step_id_counter: StepCounts

    async def run(
        self,
        step_id: str,
        handler: Callable[[Unpack[_Args]], Awaitable[types.T]],
        *handler_args: *_Args,
        output_type: object = types.EmptySentinel,
    ) -> types.T:
        """Run a step, commit it and go on."""
        if _in_step.get() or self.tap.replaces_arguments:
            return await self._run_by_sdk(step_id, handler, *handler_args, output_type=output_type)
        number = self._step_id_counter.increment(step_id)
        hashed_id = _hashed(step_id if number == 1 else f"{step_id}:{number - 1}")
        memo = self._execution.memo(hashed_id)
        if memo is not None and memo.error is None:
            await self._execution.recalled(hashed_id)
            return self._client._deserialize(memo.data, output_type)  # type: ignore[return-value]  # noqa: SLF001 - the SDK types it as object
        if memo is None and self._target_hashed_id not in {None, hashed_id}:
            # A call for one step of a large group meets all the others.
            await self._execution.recalled(hashed_id)
            raise step_lib.SkipInterrupt(step_id)
        if memo is not None or not self.tap.commits_new_steps:
            self._step_id_counter.repeat(number)
            return await self._run_by_sdk(step_id, handler, *handler_args, output_type=output_type)
        await self._execution.recalled(hashed_id)
        started_at = self.tap.begin(hashed_id)
        try:
            result = await _execute(handler, handler_args)
            output = to_json(self._client._serialize(result, output_type))  # noqa: SLF001 - as the SDK does
        except (Exception, step_lib.NestedStepInterrupt) as error:  # noqa: BLE001 - the SDK's to judge
            failure = error
        else:
            if output is not None:
                value = await self.tap.commit(hashed_id, step_id, output, started_at=started_at)
                return self._client._deserialize(value, output_type)  # type: ignore[return-value]  # noqa: SLF001 - the SDK types it as object
            self._step_id_counter.repeat(number)
            return await super().run(step_id, _returning(result), output_type=output_type)
        self._step_id_counter.repeat(number)
        return await self._report_failure(step_id, failure)

    async def _report_failure(self, step_id: str, failure: BaseException) -> NoReturn:
        """Let the SDK say what a failure means, as if its own call of the handler had raised."""
        of_run = failure.__traceback__
        of_execute = None if of_run is None else of_run.tb_next
        failure.__traceback__ = None if of_execute is None else of_execute.tb_next
        try:
            await super().run(step_id, _raising, failure)
        except step_lib.ResponseInterrupt:
            # Of the two frames above the handler's the SDK has removed its own.
            if isinstance(failure, Exception):
                transforms.remove_first_traceback_frame(failure)
            raise
        raise failure

    async def _run_by_sdk(
        self,
        step_id: str,
        handler: Callable[[Unpack[_Args]], Awaitable[types.T]],
        *handler_args: *_Args,
        output_type: object,
    ) -> types.T:
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
            value = await self.tap.commit_reported(response.step, output)
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


async def _execute(
    handler: Callable[[Unpack[_Args]], Awaitable[object]], arguments: tuple[*_Args]
) -> object:
    entered = _in_step.set(True)
    try:
        result: object = handler(*arguments)
        # As the SDK does: its types ask for an `async def`, and it takes anything.
        return await result if inspect.isawaitable(result) else result
    finally:
        _in_step.reset(entered)


def _returning(result: object) -> Callable[[], Awaitable[Any]]:
    async def handler() -> object:
        return result

    return handler


async def _raising(failure: BaseException) -> NoReturn:
    raise failure


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
            committing = self.tap.commit_reported(response.step, output)
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
