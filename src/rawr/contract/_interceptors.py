"""Observers of calls, for every place that wraps one: middleware, links and handlers.

Middleware, interceptors of links and of handlers are all `(subject, next) -> result`, and
so is what these functions make: the subject is a `Call`, a `LinkCall` or a request.
A callback may be a plain or an async function. An exception it raises takes the place of
the outcome. What a stream does after it was handed out is not observed.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias, TypeVar, overload

from ._errors import ORPCError
from ._safe import Failure, Success

S = TypeVar("S")
R = TypeVar("R")


class Observer(Protocol):
    """Wraps any call, and hands its result on as it is."""

    def __call__(self, subject: S, next: Callable[[S], Awaitable[R]], /) -> Awaitable[R]:
        """Call `next` with the subject and return its result."""
        ...


class Interceptor(Protocol[S]):
    """Wraps calls of one kind whatever their result is, and hands it on as it is."""

    def __call__(self, subject: S, next: Callable[[S], Awaitable[R]], /) -> Awaitable[R]: ...


ResultInterceptor: TypeAlias = Callable[[S, Callable[[S], Awaitable[R]]], Awaitable[R]]
"""Wraps calls with results of one type."""


@overload
def on_start(callback: Callable[[object], object]) -> Observer: ...
@overload
def on_start(callback: Callable[[S], object]) -> Interceptor[S]: ...
def on_start(callback: Callable[[Any], object]) -> Any:
    """Tell a callback before a call begins.

    >>> import asyncio
    >>> async def double(number: int) -> int:
    ...     return number * 2
    >>> asyncio.run(on_start(lambda number: print("doubling", number))(4, double))
    doubling 4
    8
    """

    async def started(subject: S, next: Callable[[S], Awaitable[R]], /) -> R:
        await _tell(callback(subject))
        return await next(subject)

    return started


def on_success(callback: Callable[[R, S], object]) -> ResultInterceptor[S, R]:
    """Tell a callback the result of each call that succeeds."""

    async def succeeded(subject: S, next: Callable[[S], Awaitable[R]], /) -> R:
        result = await next(subject)
        await _tell(callback(result, subject))
        return result

    return succeeded


@overload
def on_error(callback: Callable[[Exception, object], object]) -> Observer: ...
@overload
def on_error(callback: Callable[[Exception, S], object]) -> Interceptor[S]: ...
def on_error(callback: Callable[[Exception, Any], object]) -> Any:
    """Tell a callback the exception of each call that fails; cancellation is no failure."""

    async def failed(subject: S, next: Callable[[S], Awaitable[R]], /) -> R:
        try:
            return await next(subject)
        except Exception as error:
            await _tell(callback(error, subject))
            raise

    return failed


def on_finish(
    callback: Callable[[Success[R] | Failure[BaseException], S], object],
) -> ResultInterceptor[S, R]:
    """Tell a callback the outcome of each call, cancelled ones too.

    Of a cancelled call the error is the cancellation; do not await in its callback.
    """

    async def finished(subject: S, next: Callable[[S], Awaitable[R]], /) -> R:
        try:
            result = await next(subject)
        except BaseException as error:
            is_defined = isinstance(error, ORPCError) and error.defined
            await _tell(callback(Failure(error, is_defined=is_defined), subject))
            raise
        await _tell(callback(Success(result), subject))
        return result

    return finished


async def _tell(told: object) -> None:
    if inspect.isawaitable(told):
        await told
