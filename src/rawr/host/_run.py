"""Running an HQ as a process: banner, ready line, drain, exit."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rawr.composition import Manifest
from rawr.server import configure_logging, listen, serve_app

from ._app import API, INGRESS, RPC, WORKFLOWS
from ._boot import boot
from ._operations import serve_operations
from ._settings import Settings
from .identity import TICKET_LIFETIME, serve_administration

_PRIVATE: Final = 0o077
"""What is written is readable by its owner only."""


async def run_host(
    manifest: Manifest, settings: Settings, *, say: Callable[[str], None] = print
) -> None:
    """Serve an HQ until SIGINT or SIGTERM, then drain it.

    Raises:
        AddressInUse: The port is taken; nothing was started.
        StorageError: The data cannot be opened, or another process owns it.
        CompositionError: The capabilities do not fit together.
    """
    configure_logging()
    os.umask(_PRIVATE)
    listener = listen(settings.host, settings.port)
    settings = replace(settings, port=listener.getsockname()[1])
    try:
        async with (
            boot(manifest, settings) as host,
            serve_administration(settings.data_dir, host.administration),
            serve_operations(settings.data_dir, host.bundle),
        ):
            for line in banner(settings, manifest, engine=host.bundle.place):
                say(line)
            if settings.mode == "development":
                say(_sign_in_link(settings, host.new_ticket()))
            await serve_app(
                host.app,
                listener,
                on_ready=lambda: say(f"ready {settings.base_url}"),
                streams=host.streams,
                max_message_bytes=settings.max_body_bytes,
            )
            say("draining: finishing what was begun")
    finally:
        listener.close()


def banner(settings: Settings, manifest: Manifest, *, engine: str) -> list[str]:
    """What an operator wants to know at start; never a secret."""
    names = ", ".join(item.name for item in manifest.capabilities) or "none yet"
    lines = [
        f"HQ ({settings.mode}) at {settings.base_url}, capabilities: {names}",
        f"  {INGRESS:<16} engine only, signed",
        f"  {WORKFLOWS + '/*':<16} triggers, run status, timelines",
        f"  {RPC:<16} first parties, RPC protocol",
        f"  {API + '/*':<16} published API, read it at {API}/reference",
        f"  functions executed by {engine}",
        f"  data in {settings.data_dir}",
    ]
    if settings.mode == "development":
        lines.append(
            f"  token in {settings.data_dir / 'dev-token'} (Authorization: Bearer <token>)"
        )
    return lines


def _sign_in_link(settings: Settings, ticket: str) -> str:
    minutes = TICKET_LIFETIME.total_seconds() / 60
    link = f"{settings.base_url}/sign-in?ticket={ticket}"
    return f"  sign in once, within {minutes:.0f} minutes: {link}"
