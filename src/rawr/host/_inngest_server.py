"""An Inngest server as the engine: it calls functions over `/api/inngest`, and knows their runs."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import anyio
import httpx2
import inngest
from starlette.types import ASGIApp

from rawr.composition import InngestFunction
from rawr.coordination import EngineUnavailable, EventSender
from rawr.durable.domain.clock import Clock
from rawr.durable.ingress import Ingress, RegistrationFailed, create_ingress

from ._event_api import EventApi, ServerAway
from ._server_rest import ServerRest
from ._settings import Settings

logger: Final = logging.getLogger("rawr.host")

_PAUSE: Final = timedelta(seconds=3)
_MS: Final = timedelta(milliseconds=1)
_REQUEST_SECONDS: Final = 30
_SERVE_PATH: Final = "/api/inngest"
_START_SECONDS: Final = 2
_NOT_YET: Final = "its functions are not registered yet"


class InngestServer:
    """`EngineBundle` over a server, in the words of the official SDKs' variables."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        given = settings.inngest
        self.client = inngest.Inngest(
            app_id=settings.app_id,
            api_base_url=given.api_url,
            event_api_base_url=given.event_url,
            event_key=given.event_key,
            env=given.env,
            is_production=not given.is_dev,
            signing_key=settings.signing_key,
            logger=logging.getLogger("rawr.functions"),
        )
        self.place = f"the Inngest server at {given.api_url}"
        self._settings = settings
        self._clock = clock
        self._http = httpx2.AsyncClient(timeout=_REQUEST_SECONDS)
        self._events = EventApi(self.client, self._http, given.event_url)
        self.sender: EventSender = self
        self._ingress: Ingress | None = None
        self._unregistered: str | None = _NOT_YET
        self._lost = anyio.Event()

    async def serve(self, functions: Sequence[InngestFunction]) -> ASGIApp:
        """See `EngineBundle.serve`; calls must be signed, but for those of a dev server."""
        ingress = create_ingress(
            self.client,
            functions,
            signing_keys=self._settings.signing_keys,
            takes_unsigned=self._settings.inngest.is_dev,
            serve_origin=self._settings.serve_origin,
            serve_path=_SERVE_PATH,
        )
        if functions:
            self._ingress = ingress
        else:
            self._unregistered = None
        return ingress

    async def start(self) -> None:
        """See `EngineBundle.start`: a first try, so that an HQ is ready at once if it can be."""
        with anyio.move_on_after(_START_SECONDS):
            await self._is_registered()

    async def keep_up(self) -> None:
        """Register the functions until that is done, and again when the server has been away."""
        while True:
            while not await self._is_registered():
                await self._clock.wait(anyio.Event(), self._clock.now_ms() + _PAUSE // _MS)
            await self._lost.wait()

    async def send(self, events: list[inngest.Event], /) -> list[str]:
        """See `EventSender.send`: once the functions are registered, or nothing would hear them.

        Raises:
            EngineUnavailable: The server is away, or refuses the HQ's keys.
            EventsRefused: It refuses an event.
        """
        if not await self._is_registered():
            raise EngineUnavailable(self._unregistered)
        try:
            return await self._events.send(events)
        except ServerAway:
            self._lose()
            raise

    async def find_fault(self) -> str | None:
        """See `EngineBundle.find_fault`: the server is away, or did not take the functions."""
        try:
            response = await self._http.get(f"{self._settings.inngest.event_url}/health")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            self._lose()
            return f"{self.place} cannot be reached: {str(error) or type(error).__name__}"
        if response.is_server_error:
            self._lose()
            return f"{self.place} answers {response.status_code}"
        return self._unregistered

    def operations(self) -> ASGIApp:
        """See `EngineBundle.operations`: the server's own REST API, with the HQ's keys."""
        return ServerRest(
            http=self._http,
            origin=self._settings.inngest.api_url,
            event_url=self._events.url,
            signing_keys=self._settings.signing_keys,
        )

    async def metrics(self) -> str | None:
        """See `EngineBundle.metrics`; the server has its own."""
        return None

    async def drain(self) -> None:
        """See `EngineBundle.drain`; calls are requests, which the server of this HQ drains."""

    async def close(self) -> None:
        """See `EngineBundle.close`."""
        await self._http.aclose()

    def _lose(self) -> None:
        """Note that the server was away; perhaps it has forgotten: dev servers keep nothing."""
        if self._ingress is not None and self._unregistered is None:
            self._unregistered = _NOT_YET
            self._lost.set()

    async def _is_registered(self) -> bool:
        """Register the functions unless they are; True if they are then."""
        if self._ingress is None or self._unregistered is None:
            return True
        try:
            await self._ingress.register()
        except RegistrationFailed as error:
            self._note_refusal(str(error))
            return False
        self._unregistered = None
        self._lost = anyio.Event()
        logger.info(
            "the functions are registered with %s as %s%s",
            self.place,
            self._settings.serve_origin,
            _SERVE_PATH,
            extra={"action": "engine.registered"},
        )
        return True

    def _note_refusal(self, reason: str) -> None:
        unregistered = (
            f"{self.place} has not registered the functions: {reason}; it is asked again, and "
            "INNGEST_SIGNING_KEY must be the server's"
        )
        if unregistered != self._unregistered:
            logger.error("%s", unregistered, extra={"action": "engine.unregistered"})
        self._unregistered = unregistered
