"""Booting a host: telemetry, then the engine bundle, then functions, then mounts.

Each stage is a function of `BootStages`, so that a test can watch the order or replace one.
What a stage opens is closed in reverse: stop accepting, drain, then release.
"""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeAlias

import anyio
import inngest
from starlette.types import ASGIApp

from rawr.composition import BoundManifest, HostPorts, InngestFunction, Manifest
from rawr.coordination import Coordination
from rawr.durable.domain.clock import Clock, SystemClock
from rawr.durable.domain.limits import RunLimits
from rawr.durable.domain.retention import Retention
from rawr.durable.domain.ulid import UlidFactory
from rawr.durable.engine import Engine, EngineSettings
from rawr.server import Nudge, OpenStreams
from rawr.sqlite import Database, DataDirectory

from ._admitted import still_admitted
from ._app import build_mounts
from ._migrations import hq_migrations
from ._mounts import MountTable
from ._providers import issued_elsewhere, known_tokens, require_way_in
from ._readiness import Readiness, checks_of
from ._resources import EngineBundle, Resources
from ._run_links import run_links
from ._settings import Settings
from ._telemetry import Telemetry, start_telemetry
from .identity import (
    Access,
    Administration,
    Identity,
    developer,
)

logger: Final = logging.getLogger("rawr.host")

_APP_ID: Final = "rawr-hq"
DATABASE: Final = "hq.db"
Background: TypeAlias = Mapping[str, Callable[[], Coroutine[None, None, None]]]
_ENGINE: Final = "engine"


async def open_engine(settings: Settings, clock: Clock) -> EngineBundle:
    """Open the embedded engine and make the one client of the process."""
    kept = timedelta(days=settings.keep_days) or None
    engine = await Engine.open(
        settings.data_dir / _ENGINE,
        clock=clock,
        settings=EngineSettings(
            retention=Retention(runs=kept, events=kept),
            limits=RunLimits(max_steps=settings.max_steps),
            wait_lookback=timedelta(seconds=settings.wait_lookback_seconds),
        ),
    )
    client = inngest.Inngest(
        app_id=_APP_ID,
        is_production=settings.signing_key is not None,
        signing_key=settings.signing_key,
        logger=logging.getLogger("rawr.functions"),
    )
    engine.bind_client(client)
    return EngineBundle(engine=engine, client=client)


async def serve_functions(bundle: EngineBundle, bound: BoundManifest) -> list[InngestFunction]:
    """Make every durable function with the bundle's client and register them, if there are any."""
    functions = bound.functions(bundle.client)
    if functions:
        await bundle.engine.serve(bundle.client, functions)
    return functions


@dataclass(frozen=True, slots=True, kw_only=True)
class BootStages:
    """The stages of a boot, in their order; replace one to observe or change it."""

    start_telemetry: Callable[[], Telemetry] = start_telemetry
    open_engine: Callable[[Settings, Clock], Awaitable[EngineBundle]] = open_engine
    serve_functions: Callable[[EngineBundle, BoundManifest], Awaitable[list[InngestFunction]]] = (
        serve_functions
    )
    build_mounts: Callable[[Resources], MountTable] = build_mounts


@dataclass(slots=True)
class Host:
    """A booted HQ: one ASGI app over what it owns."""

    app: ASGIApp
    mounts: MountTable
    streams: OpenStreams
    settings: Settings
    manifest: Manifest
    coordination: Coordination
    engine: Engine
    administration: Administration
    readiness: Readiness
    new_ticket: Callable[[], str]
    """Makes the secret of a one-time link that signs the developer in."""


@asynccontextmanager
async def boot(
    manifest: Manifest,
    settings: Settings,
    *,
    identity: Identity | None = None,
    stages: BootStages | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Host]:
    """Boot an HQ; leaving the block drains it.

    Raises:
        CompositionError: The capabilities do not fit together.
        DirectoryLocked: Another process owns the data folder.
        SettingsError: In production, nobody could call.
        StorageError: The data cannot be opened; the message says what to do.
    """
    stages = stages or BootStages()
    clock = clock or SystemClock()
    new_id = UlidFactory(now_ms=clock.now_ms, random_bytes=os.urandom)
    telemetry = stages.start_telemetry()
    manifest.require_routers()
    async with AsyncExitStack() as stack:
        stack.enter_context(DataDirectory.lock(settings.data_dir))
        bundle = await stages.open_engine(settings, clock)
        stack.push_async_callback(bundle.engine.close)
        database = await stack.enter_async_context(
            await Database.open(
                settings.data_dir / DATABASE,
                migrations=hq_migrations(manifest),
            )
        )
        coordination = Coordination.on_sqlite(
            database, sender=bundle.client, clock=clock, new_id=new_id
        )
        bundle.client.add_middleware(telemetry.observe_functions)
        bundle.client.add_middleware(run_links(coordination))
        bound = _bind(manifest, coordination, database, clock, new_id)
        access = await _open_access(database, manifest, settings, clock, identity)
        recheck = Nudge()
        resources = Resources(
            settings=settings,
            manifest=manifest,
            bound=bound,
            bundle=bundle,
            functions=await stages.serve_functions(bundle, bound),
            coordination=coordination,
            access=access,
            now_ms=clock.now_ms,
            new_id=new_id,
            readiness=Readiness(
                clock=clock, checks=checks_of(database, bundle.engine, coordination, clock)
            ),
            on_access_changed=recheck.give,
        )
        host = _host(resources, stages.build_mounts(resources), telemetry)
        stack.push_async_callback(access.store_use)
        background: Background = {
            "outbox-relay": coordination.relay.run,
            "identity-upkeep": partial(access.keep_use_stored, clock),
            "readiness": host.readiness.keep_looking,
            "stream-admission": partial(host.streams.keep_checking, clock, recheck),
        }
        await stack.enter_async_context(_working(host, background))
        yield host


def _bind(
    manifest: Manifest,
    coordination: Coordination,
    database: Database,
    clock: Clock,
    new_id: Callable[[], str],
) -> BoundManifest:
    """Bind the capabilities to what the host owns."""
    ports = HostPorts(
        runs=coordination.runs,
        database=database,
        now=lambda: datetime.fromtimestamp(clock.now_ms() / 1000, UTC),
        new_id=new_id,
    )
    return manifest.bind(ports)


async def _open_access(
    database: Database,
    manifest: Manifest,
    settings: Settings,
    clock: Clock,
    identity: Identity | None,
) -> Access:
    """Everything known of callers; in production there must be one."""
    access = await Access.open(
        database,
        known=identity or known_tokens(settings, manifest.roles),
        others=issued_elsewhere(settings, manifest.roles, lambda: clock.now_ms() / 1000),
        now_ms=clock.now_ms,
        mode=settings.mode,
        guest=developer(manifest.roles) if settings.mode == "development" else None,
    )
    if identity is None:
        require_way_in(settings, access)
    return access


def _host(resources: Resources, mounts: MountTable, telemetry: Telemetry) -> Host:
    """The host over its mounts: telemetry outermost, then what may end streams."""
    access, manifest = resources.access, resources.manifest
    streams = OpenStreams(mounts, still_admitted=partial(still_admitted, access))
    return Host(
        app=telemetry.observe(streams),
        mounts=mounts,
        streams=streams,
        settings=resources.settings,
        manifest=manifest,
        coordination=resources.coordination,
        engine=resources.bundle.engine,
        administration=Administration(
            tokens=access.tokens,
            users=access.users,
            now_ms=resources.now_ms,
            new_id=resources.new_id,
            on_access_changed=resources.on_access_changed,
        ),
        readiness=resources.readiness,
        new_ticket=lambda: access.tickets.issue(developer(manifest.roles)),
    )


@asynccontextmanager
async def _working(host: Host, background: Background) -> AsyncIterator[None]:
    """Run the engine and tasks by name; leaving, send what is due and let calls in flight end."""
    await host.engine.start()
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        for name, task in background.items():
            tasks.start_soon(task, name=name)
        await host.readiness.look()
        host.readiness.is_serving = True
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised below: the group would wrap it
            failure = error
        finally:
            host.readiness.is_serving = False
            with anyio.CancelScope(shield=True):
                await _wind_down(host)
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _wind_down(host: Host) -> None:
    left = await host.coordination.relay.drain()
    await host.engine.drain()
    if left:
        logger.warning(
            "%d events wait in the outbox; they are sent after the next start",
            left,
            extra={"action": "host.drain"},
        )
