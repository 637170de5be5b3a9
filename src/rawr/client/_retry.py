"""Sending a failed call again, where that can do no harm."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import anyio
from typing_extensions import override

from rawr.contract import Link, LinkCall, ORPCError, TypedError

from ._around import LinkAround
from ._context import CallContext
from ._errors import ConnectionLost, LinkError, TimedOut

Sleep: TypeAlias = Callable[[float], Awaitable[None]]
"""Waits for a number of seconds; `anyio.sleep` outside tests."""

_NOT_PROCESSED: Final = (429, 503)
_MAYBE_PROCESSED: Final = (502, 504)
_SAFE_METHODS: Final = ("GET", "HEAD")
_FIRST_DELAY_SECONDS: Final = 0.2
_LONGEST_DELAY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAttempt:
    """A call that failed, and how often it has been sent by now."""

    call: LinkCall
    error: ORPCError[Any] | LinkError
    number: int


def can_repeat(attempt: FailedAttempt) -> bool:
    """Whether repeating the call cannot make a procedure run twice, unless it only reads.

    True where nothing was sent, where the server says it did not process the call (429,
    503), where the contract's error is declared retryable, and for every passing failure
    of a procedure read with `GET`.
    """
    error = attempt.error
    reads = attempt.call.contract.definition.route.effective_method in _SAFE_METHODS
    if isinstance(error, LinkError):
        return error.retryable or (reads and isinstance(error, TimedOut | ConnectionLost))
    if isinstance(error, TypedError):
        return error.retryable
    return error.status in _NOT_PROCESSED or (reads and error.status in _MAYBE_PROCESSED)


def growing_delay(attempt: FailedAttempt) -> float:
    """Seconds to wait: 0.2 doubled with each attempt, at most 10, half of it at random."""
    full = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2.0 ** (attempt.number - 1))
    return full * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, guards nothing


class RetryLink(LinkAround):
    """Sends calls again through a link until they succeed or may not be repeated.

    `max_attempts` counts the first one too; a call may bring its own in its context.

    >>> import asyncio
    >>> link = RetryLink(make_link(), max_attempts=5)
    >>> asyncio.run(create_client(Planets, link).count(context=CallContext(max_attempts=1)))
    8
    """

    def __init__(
        self,
        link: Link,
        *,
        max_attempts: int = 3,
        should_retry: Callable[[FailedAttempt], bool] = can_repeat,
        delay_seconds: Callable[[FailedAttempt], float] = growing_delay,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        super().__init__(link)
        self._max_attempts = max_attempts
        self._should_retry = should_retry
        self._delay_seconds = delay_seconds
        self._sleep = sleep

    @override
    async def call(self, call: LinkCall) -> Any:
        context = cast("CallContext", call.context)
        max_attempts = context.get("max_attempts", self._max_attempts)
        number = 1
        while True:
            try:
                return await self._link.call(call)
            except (ORPCError, LinkError) as error:
                attempt = FailedAttempt(call=call, error=error, number=number)
                if number >= max_attempts or not self._should_retry(attempt):
                    raise
            await self._sleep(self._delay_seconds(attempt))
            number += 1
