"""Hooks around durable functions, whichever kind these are.

An `async def` function is called on the loop of the HQ, a plain one in a thread of its own, where
the SDK refuses middleware that is async. Hooks that are plain methods are taken for both.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

import inngest

Work = Callable[[], Coroutine[object, object, None]]
Hold = Callable[[Work], Awaitable[None] | None]


class FunctionHooks(inngest.MiddlewareSync):
    """Middleware that looks at calls of durable functions, and rewrites nothing of them."""

    observes_only = True


def hold_calls() -> Hold:
    """What makes the call of a function wait for work on the loop that runs now.

    On the loop itself the work is returned to the SDK, which awaits it; anywhere else the thread
    waits until the loop has done it.
    """
    home = asyncio.get_running_loop()

    def hold(work: Work) -> Awaitable[None] | None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run_coroutine_threadsafe(work(), home).result()
            return None
        return work()

    return hold
