"""The stand-alone engine: the same engine as in a host, reached over HTTP."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import click

from rawr.durable.api import APISettings, create_engine_api
from rawr.durable.domain.limits import RunLimits
from rawr.durable.domain.retention import Retention
from rawr.durable.engine import Engine, EngineSettings
from rawr.durable.metrics import EngineMetrics
from rawr.durable.run_log import RunLog
from rawr.server import configure_logging, listen, serve_app

from ._engine_apps import connect_app

DEFAULT_MAX_STEPS: Final = 1000
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SIGNING_KEYS = ("INNGEST_SIGNING_KEY", "INNGEST_SIGNING_KEY_FALLBACK")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """How an engine is asked to run, in the words of the command line."""

    host: str
    port: int
    data_dir: Path
    retry_interval: float | None = None
    """A fixed delay between attempts in seconds, in place of the table of them."""
    keep_days: float = 30
    """How long what has ended is kept; 0 is for ever."""
    wait_lookback: float = 0
    """How many seconds before a wait began an event may have come that ends it."""
    max_steps: int = DEFAULT_MAX_STEPS
    """How many steps one run may have."""
    sdk_urls: Sequence[str] = ()
    """Where apps serve their functions; they are asked to register."""

    def engine_settings(self, signing_keys: Sequence[str]) -> EngineSettings:
        """The same, as the engine is told."""
        interval = self.retry_interval
        kept = timedelta(days=self.keep_days) or None
        return EngineSettings(
            signing_keys=signing_keys,
            retry_interval=None if interval is None else timedelta(seconds=interval),
            retention=Retention(runs=kept, events=kept),
            wait_lookback=timedelta(seconds=self.wait_lookback),
            limits=RunLimits(max_steps=self.max_steps),
        )


async def run_engine(
    options: EngineOptions,
    *,
    say: Callable[[str], None] = print,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Serve the engine until SIGINT or SIGTERM, then let calls in flight end.

    With `INNGEST_SIGNING_KEY` and `INNGEST_EVENT_KEY` it is of kind `cloud`: closed to
    callers without them.

    Raises:
        ClickException: It would be open to other machines, or a key is none.
        AddressInUse: The port is taken; nothing was started.
        DirectoryLocked: Another engine owns the data folder.
    """
    configure_logging()
    signing_keys = _keys(environ, *_SIGNING_KEYS)
    event_keys = _keys(environ, "INNGEST_EVENT_KEY")
    is_closed = bool(signing_keys and event_keys)
    host, data_dir = options.host, options.data_dir
    if host not in _LOOPBACK and not is_closed:
        raise click.ClickException(
            f"an engine without keys listens on loopback only, not on {host}; "
            "set INNGEST_SIGNING_KEY and INNGEST_EVENT_KEY"
        )
    try:
        api_settings = APISettings(
            kind="cloud" if is_closed else "dev", event_keys=event_keys, signing_keys=signing_keys
        )
    except ValueError as error:
        raise click.ClickException(f"INNGEST_SIGNING_KEY: {error}") from error
    listener = listen(host, options.port)
    address = f"http://{host}:{listener.getsockname()[1]}"
    try:
        metrics = EngineMetrics()
        settings = options.engine_settings(signing_keys)
        opened = await Engine.open(data_dir, settings=settings, observer=metrics)
        async with opened as engine, anyio.create_task_group() as tasks:
            engine.listen(RunLog())
            say(f"engine ({api_settings.kind}) at {address}, data in {data_dir}")
            for url in options.sdk_urls:
                tasks.start_soon(partial(connect_app, url, api_settings, say=say))
            await serve_app(
                create_engine_api(engine, settings=api_settings, metrics=metrics),
                listener,
                on_ready=lambda: say(f"ready {address}"),
            )
            tasks.cancel_scope.cancel()
            say("draining: finishing what was begun")
    finally:
        listener.close()


def _keys(environ: Mapping[str, str], *names: str) -> tuple[str, ...]:
    return tuple(key for name in names if (key := environ.get(name)))
