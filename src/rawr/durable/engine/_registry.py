"""The functions the engine can call, and which of them an event starts."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rawr.durable.domain.cron import CronError, parse_cron
from rawr.durable.domain.errors import EngineError, RegistrationRejected
from rawr.durable.domain.event import Event
from rawr.durable.domain.expr import Expression, Policy, compile_expression
from rawr.durable.domain.function import App, CronTrigger, EventTrigger, FunctionConfig
from rawr.durable.domain.matching import patterns_for

#: Event names whose subscriptions are remembered; senders choose names, so there is an end.
_MAX_KNOWN_NAMES: Final = 4096

logger = logging.getLogger("rawr.durable")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subscription:
    function: FunctionConfig
    expression: Expression | None


class Registry:
    """Registered apps; a registration replaces the app's functions as a whole."""

    def __init__(self) -> None:
        self._apps: dict[str, App] = {}
        self._functions: dict[str, FunctionConfig] = {}
        self._by_pattern: dict[str, list[_Subscription]] = {}
        self._by_name: dict[str, list[_Subscription]] = {}
        self._paused: dict[str, int] = {}

    def add(self, app: App) -> None:
        """Register an app.

        Raises:
            RegistrationRejected: an expression does not compile.
        """
        for function in app.functions:
            _check(function)
        subscriptions = list(_subscriptions(app.functions))
        self._apps[app.id] = app
        kept = [one for one in self._all() if one[1].function.app_id != app.id]
        self._by_pattern = {}
        self._by_name = {}
        for pattern, subscription in [*kept, *subscriptions]:
            self._by_pattern.setdefault(pattern, []).append(subscription)
        self._functions = {
            function.id: function for one in self._apps.values() for function in one.functions
        }

    def get(self, function_id: str) -> FunctionConfig | None:
        """Return a function by its composite id."""
        return self._functions.get(function_id)

    def pause(self, function_id: str, paused_at: int) -> None:
        """Mark a function as paused, whether an app registers it or not."""
        self._paused[function_id] = paused_at

    def resume(self, function_id: str) -> None:
        """Mark a function as not paused."""
        self._paused.pop(function_id, None)

    def paused_at(self, function_id: str) -> int | None:
        """Return when a function was paused, in milliseconds since the epoch."""
        return self._paused.get(function_id)

    def paused(self) -> dict[str, int]:
        """Return when each paused function was paused, in milliseconds since the epoch."""
        return dict(self._paused)

    def app(self, app_id: str) -> App | None:
        """Return an app."""
        return self._apps.get(app_id)

    def apps(self) -> list[App]:
        """Return every app, by id."""
        return [self._apps[app_id] for app_id in sorted(self._apps)]

    def functions(self) -> list[FunctionConfig]:
        """Return every function, by id."""
        return [self._functions[function_id] for function_id in sorted(self._functions)]

    def triggered_by(self, event: Event) -> list[FunctionConfig]:
        """Return the functions an event starts, each once."""
        found: dict[str, FunctionConfig] = {}
        for subscription in self._subscriptions_to(event.name):
            function = subscription.function
            if function.id not in found and _is_true(subscription, event):
                found[function.id] = function
        return list(found.values())

    def _subscriptions_to(self, name: str) -> list[_Subscription]:
        known = self._by_name.get(name)
        if known is None:
            known = [
                subscription
                for pattern in patterns_for(name)
                for subscription in self._by_pattern.get(pattern, ())
            ]
            if len(self._by_name) < _MAX_KNOWN_NAMES:
                self._by_name[name] = known
        return known

    def _all(self) -> Iterator[tuple[str, _Subscription]]:
        for pattern, subscriptions in self._by_pattern.items():
            for subscription in subscriptions:
                yield pattern, subscription


def _subscriptions(
    functions: Iterable[FunctionConfig],
) -> Iterator[tuple[str, _Subscription]]:
    for function in functions:
        for trigger in function.triggers:
            if isinstance(trigger, EventTrigger):
                expression = _compile(function, trigger.expression)
                yield trigger.event, _Subscription(function=function, expression=expression)


def _check(function: FunctionConfig) -> None:
    """Refuse settings that could only fail later.

    Raises:
        RegistrationRejected: an expression or a schedule is not valid.
    """
    keyed = (
        *function.concurrency,
        function.run_concurrency,
        function.rate_limit,
        function.throttle,
        function.debounce,
        function.batch,
        function.singleton,
    )
    for setting in keyed:
        _compile(function, None if setting is None else setting.key)
    for text in (function.idempotency, function.priority):
        _compile(function, text)
    _compile(function, None if function.batch is None else function.batch.condition)
    for cancel in function.cancel_on:
        _compile(function, cancel.expression, policy=Policy.RESTRICTIVE)
    for trigger in function.triggers:
        if isinstance(trigger, CronTrigger):
            try:
                parse_cron(trigger.cron)
            except CronError as error:
                raise RegistrationRejected(f"Function {function.id!r}: {error}") from error


def _compile(
    function: FunctionConfig, text: str | None, *, policy: Policy = Policy.STANDARD
) -> Expression | None:
    if text is None:
        return None
    try:
        return compile_expression(text, policy=policy)
    except EngineError as error:
        raise RegistrationRejected(
            f"Function {function.id!r}: the expression {text!r} is not valid: {error}"
        ) from error


def _is_true(subscription: _Subscription, event: Event) -> bool:
    if subscription.expression is None:
        return True
    try:
        return subscription.expression.matches({"event": event.as_json()})
    except EngineError as error:
        # As on a real server: an expression without a boolean value matches nothing.
        logger.warning(
            "The trigger of %s cannot be decided (%s); the event does not start it",
            subscription.function.id,
            error,
            extra={"action": "trigger_undecidable", "function_id": subscription.function.id},
        )
        return False
