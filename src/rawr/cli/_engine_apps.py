"""Asking apps to register with the engine, for as long as it takes."""

from collections.abc import Callable

import anyio
import httpx2

from rawr.durable.api import APISettings, SyncFailed, request_sync

_PAUSE_SECONDS = 5.0
_TIMEOUT_SECONDS = 30


async def connect_app(
    url: str,
    settings: APISettings,
    *,
    say: Callable[[str], None],
    pause_seconds: float = _PAUSE_SECONDS,
) -> None:
    """Ask the app served at `url` to register until it does; says when it waits, and when done."""
    key = settings.signing_keys[0] if settings.signing_keys else None
    waits = False
    async with httpx2.AsyncClient(trust_env=False, timeout=_TIMEOUT_SECONDS) as client:
        while True:
            try:
                await request_sync(url, client=client, kind=settings.kind, signing_key=key)
            except SyncFailed as error:
                if not waits:
                    say(f"{error}; asking again every {pause_seconds:g} s")
                waits = True
                await anyio.sleep(pause_seconds)
            else:
                say(f"connected {url}")
                return
