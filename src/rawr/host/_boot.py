"""Booting a host: telemetry, then the engine bundle, then functions, then mounts.

Each stage is a function of `BootStages`, so that a test can watch the order or replace one.
What a stage opens is closed in reverse: stop accepting, drain, then release.
"""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias

import anyio
from starlette.types import ASGIApp

from rawr.composition import BoundManifest, HostPorts, InngestFunction, Manifest
from rawr.coordination import Coordination
from rawr.durable.domain.clock import Clock, SystemClock
from rawr.durable.domain.ulid import UlidFactory
from rawr.durable.engine import Engine
from rawr.server import Nudge, OpenStreams
from rawr.sqlite import Database, DataDirectory

from ._admitted import still_admitted
from ._app import build_mounts
from ._embedded import EmbeddedEngine
from ._engine import EngineBundle
from ._inngest_server import InngestServer
from ._left_inside import warn_of_runs_inside
from ._migrations import hq_migrations
from ._mounts import MountTable
from ._outcomes import RunOutcomes
from ._providers import issued_elsewhere, known_tokens, require_way_in
from ._readiness import Readiness, checks_of
from ._resources import Resources
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

DATABASE: Final = "hq.db"
Background: TypeAlias = Mapping[str, Callable[[], Coroutine[None, None, None]]]


async def open_engine(settings: Settings, clock: Clock) -> EngineBundle:
    """Open the engine inside, or go to an Inngest server; with it comes the one client."""
    if settings.engine == "embedded":
        return await EmbeddedEngine.open(settings, clock)
    await warn_of_runs_inside(settings.data_dir)
    return InngestServer(settings, clock)


async def make_functions(
    bundle: EngineBundle, bound: BoundManifest, outcomes: RunOutcomes
) -> list[InngestFunction]:
    """Make every durable function with the bundle's client, and the host's own beside them."""
    return [*outcomes.watch(bundle.client, bound.functions(bundle.client))]


@dataclass(frozen=True, slots=True, kw_only=True)
class BootStages:
    """The stages of a boot, in their order; replace one to observe or change it."""

    start_telemetry: Callable[[], Telemetry] = start_telemetry
    open_engine: Callable[[Settings, Clock], Awaitable[EngineBundle]] = open_engine
    make_functions: Callable[
        [EngineBundle, BoundManifest, RunOutcomes], Awaitable[list[InngestFunction]]
    ] = make_functions
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
    bundle: EngineBundle
    administration: Administration
    readiness: Readiness
    new_ticket: Callable[[], str]
    """Makes the secret of a one-time link that signs the developer in."""

    @property
    def engine(self) -> Engine:
        """The engine inside.

        Raises:
            NoEngineInside: An Inngest server executes the functions of this HQ.
        """
        if not isinstance(self.bundle, EmbeddedEngine):
            raise NoEngineInside(self.bundle.place)
        return self.bundle.engine


class NoEngineInside(Exception):
    """Another process executes the functions of this HQ."""

    def __init__(self, place: str) -> None:
        super().__init__(f"{place} executes the functions of this HQ; ask it instead")


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
        stack.push_async_callback(bundle.close)
        database = await stack.enter_async_context(
            await Database.open(
                settings.data_dir / DATABASE,
                migrations=hq_migrations(manifest),
            )
        )
        coordination = Coordination.on_sqlite(
            database, sender=bundle.sender, clock=clock, new_id=new_id
        )
        outcomes = RunOutcomes(coordination)
        bundle.client.add_middleware(telemetry.observe_functions)
        bundle.client.add_middleware(run_links(coordination))
        bundle.client.add_middleware(outcomes.middleware())
        bound = _bind(manifest, coordination, database, clock, new_id)
        access = await _open_access(database, manifest, settings, clock, identity)
        recheck = Nudge()
        functions = await stages.make_functions(bundle, bound, outcomes)
        resources = Resources(
            settings=settings,
            manifest=manifest,
            bound=bound,
            bundle=bundle,
            functions=functions,
            ingress=await bundle.serve(functions),
            coordination=coordination,
            access=access,
            now_ms=clock.now_ms,
            new_id=new_id,
            readiness=Readiness(
                clock=clock, checks=checks_of(database, bundle, coordination, clock)
            ),
            on_access_changed=recheck.give,
        )
        host = _host(resources, stages.build_mounts(resources), telemetry)
        stack.push_async_callback(access.store_use)
        background: Background = {
            "outbox-relay": coordination.relay.run,
            "engine-upkeep": bundle.keep_up,
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
        bundle=resources.bundle,
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
    await host.bundle.start()
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
    await host.bundle.drain()
    if left:
        logger.warning(
            "%d events wait in the outbox; they are sent after the next start",
            left,
            extra={"action": "host.drain"},
        )
