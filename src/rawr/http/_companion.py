"""Running something beside an await, at no cost where the await does not wait.

Most calls finish without ever suspending, and a task per call would cost more than the call.
So the first step is taken by hand, and only work that suspends gets its companion. Results are
put aside (`keep`): a coroutine that returns nothing ends without a `StopIteration`, which costs
a server more than all the rest of this.
"""

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Final, Protocol, TypeVar, cast

from ._asgi import Message, Receive

T = TypeVar("T")


class ClientDisconnected(BaseException):
    """The client went away: there is nobody left to answer."""


async def stays() -> Message:
    """The `receive` of a call whose caller's leaving cancels it in another way."""
    await asyncio.get_running_loop().create_future()
    raise ClientDisconnected


class _Steps(Protocol):
    def send(self, value: Any, /) -> Any: ...
    def throw(self, error: BaseException, /) -> Any: ...


@types.coroutine
def alongside(
    work: Awaitable[T], companion: Callable[[], Coroutine[Any, Any, None]], name: str
) -> Generator[Any, Any, T]:
    """Await `work`; while it waits, `companion()` runs as a task of the given name."""
    steps: _Steps = cast("_Steps", work.__await__())
    try:
        signal = steps.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    result = yield from _accompany(steps, signal, companion, name)
    return result


@types.coroutine
def _keep(results: list[Any], work: Any) -> Generator[Any, Any, None]:
    results.append((yield from work))


keep: Final = cast(
    "Callable[[list[Any], Coroutine[Any, Any, Any]], Generator[Any, Any, None]]", _keep
)
"""The steps of awaiting a coroutine and putting what it gives into a list."""


async def until_disconnected(work: Coroutine[Any, Any, T], receive: Receive) -> T:
    """Await `work`, cancelling it once if the client goes away; the body has been read.

    Raises:
        ClientDisconnected: It was cancelled for that reason.
    """
    results: list[T] = []
    steps = keep(results, work)
    for signal in steps:
        await while_connected(steps, signal, receive)
        break
    return results[0]


@types.coroutine
def while_connected(
    steps: Generator[Any, Any, None], signal: object, receive: Receive
) -> Generator[Any, Any, None]:
    """Go on with work that suspended, its signal not passed on yet; see `until_disconnected`."""
    if receive is stays:
        yield from _continue(steps, signal)
        return
    watch = _Watch(receive)
    try:
        yield from _accompany(steps, signal, watch.start, "rawr.http.watch_client")
    except asyncio.CancelledError:
        if watch.is_reason():
            raise ClientDisconnected from None
        raise
    finally:
        watch.settle()


def _accompany(
    steps: _Steps, signal: object, companion: Callable[[], Coroutine[Any, Any, None]], name: str
) -> Generator[Any, Any, Any]:
    """Go on with started work, with a companion beside it."""
    task = asyncio.get_running_loop().create_task(companion(), name=name)
    try:
        result = yield from _continue(steps, signal)
    finally:
        task.cancel()
    return result


def _continue(steps: _Steps, signal: object) -> Generator[Any, Any, Any]:
    """Go on with work whose first signal to the event loop has not been passed on yet."""
    try:
        while True:
            try:
                value = yield signal
            except BaseException as error:  # noqa: BLE001 - passed on to the work, as `yield from` does
                signal = steps.throw(error)
            else:
                signal = steps.send(value)
    except StopIteration as done:
        return done.value


class _Watch:
    """Cancels the task it was started from when the client disconnects.

    Like `asyncio.timeout`, it takes its own cancellation back (`settle`), so that one from
    elsewhere, such as a shutdown, still counts.
    """

    __slots__ = ("_earlier", "_fired", "_receive", "_task")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._fired = False
        self._earlier = 0
        self._task: asyncio.Task[Any] | None = None

    def start(self) -> Coroutine[Any, Any, None]:
        self._task = asyncio.current_task()
        self._earlier = 0 if self._task is None else self._task.cancelling()
        return self._watch()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task is not None:
            self._fired = True
            self._task.cancel("the client disconnected")

    def is_reason(self) -> bool:
        """True if nothing but the disconnect asked for the cancellation."""
        task = self._task
        return self._fired and task is not None and task.cancelling() <= self._earlier + 1

    def settle(self) -> None:
        """Take the cancellation back."""
        if self._fired and self._task is not None:
            self._task.uncancel()
