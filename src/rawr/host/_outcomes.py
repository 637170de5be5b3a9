"""What becomes of a run whose function has ended without ending the run.

A function moves its run along by itself. Where it does not (it was cancelled at the engine, its
failure handler failed too, or it just returned) the run would be open for ever. A function that
returned is seen by its last call, which is repeated if the run cannot be ended; one that failed or
was cancelled is told of by the engine's own events, which are as durable as any.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import inngest
from inngest._internal import middleware_lib, step_lib
from typing_extensions import override

from rawr.composition import InngestFunction
from rawr.coordination import Coordination, Outcome

from ._function_hooks import FunctionHooks, hold_calls

logger: Final = logging.getLogger("rawr.host")

_FUNCTION: Final = "rawr.run-outcomes"
_FAILED: Final = "inngest/function.failed"
_CANCELLED: Final = "inngest/function.cancelled"
_RETRIES: Final = 20
_HANDLER_TIME: Final = timedelta(minutes=1)
"""How long a failure handler has to end the run in its own words."""


class RunOutcomes:
    """Ends the runs of functions that have ended.

    Only of a function that alone listens to the run's event: where several do, none of them knows
    when the run has ended.
    """

    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination
        self._alone: frozenset[str] = frozenset()
        self._with_handler: frozenset[str] = frozenset()

    def watch(
        self, client: inngest.Inngest, functions: Sequence[InngestFunction]
    ) -> Iterator[InngestFunction]:
        """The functions, and one more that hears of those that failed or were cancelled."""
        self._alone = frozenset(_alone(functions))
        self._with_handler = frozenset(
            function.id for function in functions if function.on_failure_fn_id is not None
        )
        yield from functions
        if functions:
            yield self._listener(client)

    def middleware(self) -> Callable[[inngest.Inngest, object], inngest.MiddlewareSync]:
        """Middleware of the engine's client, that ends the runs of functions that returned.

        To be made on the HQ's loop.
        """
        outcomes = self
        hold = hold_calls()

        class FunctionReturned(FunctionHooks):
            _event_ids: Sequence[str] = ()

            @override
            def transform_input(
                self,
                ctx: inngest.Context | inngest.ContextSync,
                function: inngest.Function[Any],
                steps: step_lib.StepMemos,
            ) -> None:
                if outcomes.is_alone(function.id):
                    self._event_ids = [event.id for event in ctx.events]

            @override
            def transform_output(  # type: ignore[override]  # the SDK awaits it where it can
                self, result: middleware_lib.middleware.TransformOutputResult
            ) -> Awaitable[None] | None:
                if result.step is not None or result.error is not None:
                    return None
                ids = self._event_ids
                return hold(
                    lambda: outcomes.conclude(ids, Outcome.COMPLETED, "its function has ended")
                )

        return FunctionReturned

    def is_alone(self, function_id: str) -> bool:
        """True if what becomes of this function becomes of its runs."""
        return function_id in self._alone

    async def conclude(self, event_ids: Sequence[str], outcome: Outcome, detail: str) -> None:
        """End the runs that these events were dispatched for, if they are open.

        Raises:
            CoordinationError: It cannot be said what becomes of a run.
            StorageError: Nothing was stored.
        """
        for event_id in event_ids:
            run = await self._coordination.conclude(event_id, outcome, detail=detail)
            if run is not None:
                logger.info(
                    "run %s is %s: %s",
                    run.run_id,
                    run.status,
                    detail,
                    extra={"action": "run.concluded", "run_id": run.run_id},
                )

    def _listener(self, client: inngest.Inngest) -> InngestFunction:
        @client.create_function(
            fn_id=_FUNCTION,
            retries=_RETRIES,
            trigger=[
                inngest.TriggerEvent(event=_FAILED),
                inngest.TriggerEvent(event=_CANCELLED),
            ],
        )
        async def run_outcomes(ctx: inngest.Context) -> None:
            ended = _Ended.of(ctx.event)
            if not self.is_alone(ended.function_id):
                return
            if ended.outcome is Outcome.FAILED and ended.function_id in self._with_handler:
                await ctx.step.sleep("leave-it-to-the-failure-handler", _HANDLER_TIME)
            await ctx.step.run(
                "conclude", lambda: self.conclude(ended.event_ids, ended.outcome, ended.detail)
            )

        return run_outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """What an engine tells of a function that did not return (Inngest wire, lifecycle events)."""

    function_id: str
    event_ids: tuple[str, ...]
    outcome: Outcome
    detail: str

    @classmethod
    def of(cls, event: inngest.Event) -> "_Ended":
        data: Mapping[str, Any] = event.data
        events = data.get("events") or [data.get("event")]
        error = data.get("error")
        reason = error.get("message") if isinstance(error, Mapping) else None
        outcome = Outcome.FAILED if event.name == _FAILED else Outcome.CANCELED
        return cls(
            function_id=str(data.get("function_id")),
            event_ids=tuple(str(one.get("id")) for one in events if isinstance(one, Mapping)),
            outcome=outcome,
            detail=str(reason or f"its function was {outcome.value} at the engine"),
        )


def _alone(functions: Sequence[InngestFunction]) -> Iterator[str]:
    """The functions that share none of their events with another, by id.

    Who listens by a wildcard only looks on.
    """
    heard = {function.id: _events_of(function) for function in functions}
    listeners = Counter(event for events in heard.values() for event in events)
    for function_id, events in heard.items():
        if events and all(listeners[event] == 1 for event in events):
            yield function_id


def _events_of(function: InngestFunction) -> frozenset[str]:
    return frozenset(
        trigger.event
        for trigger in function.get_config("").main.triggers
        if isinstance(trigger, inngest.TriggerEvent) and not trigger.event.endswith("*")
    )
