"""The engine's HTTP surface, put together."""

from contextlib import AsyncExitStack
from typing import Final

import httpx2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rawr.durable.api._apps import AppRoutes, RequestSync
from rawr.durable.api._cancellations import CancellationRoutes
from rawr.durable.api._checkpoints import CheckpointRoutes
from rawr.durable.api._endpoints import EndpointRoutes
from rawr.durable.api._events import EventRoutes
from rawr.durable.api._graph import GraphRoutes
from rawr.durable.api._info import InfoRoutes
from rawr.durable.api._lifecycle import LifecycleMessages
from rawr.durable.api._metadata import MetadataRoutes
from rawr.durable.api._operations import OperationRoutes
from rawr.durable.api._realtime import RealtimeRoutes
from rawr.durable.api._registration import RegistrationRoutes
from rawr.durable.api._responses import on_defect, on_engine_error, on_http_error
from rawr.durable.api._results import Results
from rawr.durable.api._runs import RunRoutes, StateGone, on_state_gone
from rawr.durable.api._settings import KIND_HEADER, APISettings
from rawr.durable.api._short_way import ShortWay
from rawr.durable.api._signals import SignalRoutes
from rawr.durable.api._sync import request_sync
from rawr.durable.api._traces import TraceRoutes
from rawr.durable.domain.clock import Clock, SystemClock
from rawr.durable.domain.errors import EngineError
from rawr.durable.engine import Engine, SystemIds
from rawr.durable.metrics import EngineMetrics
from rawr.durable.realtime import Broadcaster


def create_engine_api(
    engine: Engine,
    *,
    settings: APISettings | None = None,
    clock: Clock | None = None,
    metrics: EngineMetrics | None = None,
    http_client: httpx2.AsyncClient | None = None,
) -> ASGIApp:
    """Serve an engine over HTTP as SDKs expect it: the event API, registration, the REST API.

    `metrics`, which must be the engine's observer, are served as ``/metrics``; `http_client` asks
    apps to register, in place of one made for each request.

    ```python
    app = create_engine_api(engine, settings=APISettings(kind="dev"))
    uvicorn.run(app, host="127.0.0.1", port=8288)
    ```

    Kind ``dev`` is open to every page and process that can reach it: bind it to loopback only.
    """
    settings = settings or APISettings()
    clock = clock or SystemClock()
    sync = _syncing(settings, http_client)
    broadcaster = Broadcaster()
    engine.listen(LifecycleMessages(broadcaster, clock))
    results = Results()
    engine.listen(results)
    busy = [
        *CheckpointRoutes(engine, settings).routes(),
        *EventRoutes(engine, settings, clock, results).routes(),
    ]
    app = Starlette(
        routes=[
            *busy,
            *RegistrationRoutes(engine, settings).routes(),
            *RunRoutes(engine, settings, clock).routes(),
            *MetadataRoutes(engine, settings, clock).routes(),
            *TraceRoutes(engine, settings).routes(),
            *CancellationRoutes(engine, settings, clock, SystemIds(clock.now_ms).ulid).routes(),
            *AppRoutes(engine, settings, clock, sync).routes(),
            *OperationRoutes(engine, settings, clock).routes(),
            *EndpointRoutes(engine, settings, clock).routes(),
            *RealtimeRoutes(settings, clock, broadcaster).routes(),
            *SignalRoutes(engine, settings, clock).routes(),
            *GraphRoutes(engine, settings, sync).routes(),
            *InfoRoutes(engine, settings, metrics).routes(),
        ],
        middleware=[_OPEN_CORS] if settings.is_dev else [],
        exception_handlers={
            StateGone: on_state_gone,
            EngineError: on_engine_error,
            HTTPException: on_http_error,
            Exception: on_defect,
        },
    )
    header = (KIND_HEADER.encode(), settings.kind.encode())
    return ShortWay(busy, _KindHeader(app, header), header)


def _syncing(settings: APISettings, http_client: httpx2.AsyncClient | None) -> RequestSync:
    key = settings.signing_keys[0] if settings.signing_keys else None

    async def sync(url: str) -> None:
        async with AsyncExitStack() as stack:
            client = http_client
            if client is None:
                made = httpx2.AsyncClient(trust_env=False, timeout=_SYNC_SECONDS)
                client = await stack.enter_async_context(made)
            await request_sync(url, client=client, kind=settings.kind, signing_key=key)

    return sync


_SYNC_SECONDS: Final = 30

_OPEN_CORS = Middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["*"],
    allow_headers=["*"],
    expose_headers=[KIND_HEADER],
)


class _KindHeader:
    """Says on every response, errors and preflights included, what kind of server this is."""

    def __init__(self, app: ASGIApp, header: tuple[bytes, bytes]) -> None:
        self._app = app
        self._header = header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_kind(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], self._header]}
            await send(message)

        await self._app(scope, receive, send_with_kind)
