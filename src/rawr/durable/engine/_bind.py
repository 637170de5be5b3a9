"""Letting an SDK client of this process send its events straight into the engine."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import inngest
from inngest._internal import client_lib, middleware_lib, server_lib

_Send = Callable[[Sequence[server_lib.Event]], Awaitable[list[str]]]


def bind_client(client: inngest.Inngest, send: _Send) -> None:
    """Make `client.send` and `client.send_sync` call `send` instead of the event API.

    The client's middleware runs as before. `send_sync` must be called from a thread other than
    that of the running event loop.
    """
    loop = asyncio.get_running_loop()

    async def send_bound(
        events: server_lib.Event | list[server_lib.Event], *, skip_middleware: bool = False
    ) -> list[str]:
        batch = events if isinstance(events, list) else [events]
        if skip_middleware:
            return await send(batch)
        return await _send_with_middleware(client, batch, send)

    def send_sync_bound(
        events: server_lib.Event | list[server_lib.Event], *, skip_middleware: bool = False
    ) -> list[str]:
        sending = send_bound(events, skip_middleware=skip_middleware)
        return asyncio.run_coroutine_threadsafe(sending, loop).result()

    setattr(client, "send", send_bound)  # noqa: B010 - replaces the method of this client alone
    setattr(client, "send_sync", send_sync_bound)  # noqa: B010 - as above


async def _send_with_middleware(
    client: inngest.Inngest, events: list[server_lib.Event], send: _Send
) -> list[str]:
    middleware = middleware_lib.MiddlewareManager.from_client(
        client, raw_request=None, timings=None
    )
    _raise(await middleware.before_send_events(events))
    ids = await send(events)
    _raise(await middleware.after_send_events(client_lib.SendEventsResult(ids=ids)))
    return ids


def _raise(outcome: Exception | None) -> None:
    if outcome is not None:
        raise outcome
