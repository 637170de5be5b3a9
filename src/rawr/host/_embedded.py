"""The engine inside: on SQLite in the data folder, calling functions of this process."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Self

import anyio
import inngest
from starlette.types import ASGIApp

from rawr.composition import InngestFunction
from rawr.coordination import EventSender
from rawr.durable.api import APISettings, create_engine_api
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.limits import RunLimits
from rawr.durable.domain.retention import Retention
from rawr.durable.engine import Engine, EngineSettings
from rawr.durable.ingress import create_ingress
from rawr.durable.metrics import EngineMetrics
from rawr.durable.run_log import RunLog
from rawr.sqlite import StorageError

from ._settings import Settings

ENGINE_DIRECTORY: Final = "engine"


class EmbeddedEngine:
    """`EngineBundle` over the embedded engine."""

    def __init__(
        self, engine: Engine, client: inngest.Inngest, settings: Settings, metrics: EngineMetrics
    ) -> None:
        self.engine = engine
        self.client = client
        self.sender: EventSender = client
        self.place = "the engine inside"
        self._signing_keys = settings.signing_keys
        self._metrics = metrics

    @classmethod
    async def open(cls, settings: Settings, clock: Clock) -> Self:
        """Open the engine and make the client that sends into it.

        Raises:
            StorageError: The data cannot be opened.
        """
        kept = timedelta(days=settings.keep_days) or None
        metrics = EngineMetrics()
        engine = await Engine.open(
            settings.data_dir / ENGINE_DIRECTORY,
            clock=clock,
            settings=EngineSettings(
                retention=Retention(runs=kept, events=kept),
                limits=RunLimits(max_steps=settings.max_steps),
                wait_lookback=timedelta(seconds=settings.wait_lookback_seconds),
            ),
            observer=metrics,
        )
        engine.listen(RunLog())
        client = inngest.Inngest(
            app_id=settings.app_id,
            is_production=settings.signing_key is not None,
            signing_key=settings.signing_key,
            logger=logging.getLogger("rawr.functions"),
        )
        engine.bind_client(client)
        return cls(engine, client, settings, metrics)

    async def serve(self, functions: Sequence[InngestFunction]) -> ASGIApp:
        """See `EngineBundle.serve`; the ingress serves a server that the keys are shared with."""
        if functions:
            await self.engine.serve(self.client, functions)
        return create_ingress(self.client, functions, signing_keys=self._signing_keys)

    async def start(self) -> None:
        """See `EngineBundle.start`."""
        await self.engine.start()

    async def keep_up(self) -> None:
        """See `EngineBundle.keep_up`; the engine's own loops do it all."""
        await anyio.sleep_forever()

    async def find_fault(self) -> str | None:
        """See `EngineBundle.find_fault`."""
        if not self.engine.is_running:
            return "its loop has ended"
        try:
            # Any read tells whether the store answers; this one costs the same however full it is.
            await self.engine.run_items("")
        except (EngineError, StorageError) as error:
            return str(error)
        return None

    def operations(self) -> ASGIApp:
        """See `EngineBundle.operations`: what `rawr engine` serves over HTTP."""
        return create_engine_api(
            self.engine, settings=APISettings(kind="dev"), metrics=self._metrics
        )

    async def metrics(self) -> str | None:
        """See `EngineBundle.metrics`."""
        return self._metrics.exposition(
            queue_depth=await self.engine.queue_depth(), queue_due=await self.engine.queue_due()
        )

    async def drain(self) -> None:
        """See `EngineBundle.drain`."""
        await self.engine.drain()

    async def close(self) -> None:
        """See `EngineBundle.close`."""
        await self.engine.close()
