"""Choosing the transport of a call by its function's URL."""

from datetime import timedelta
from urllib.parse import urlsplit

from rawr.durable.domain.op import Errored, Response, Returned, RunError
from rawr.durable.domain.queue import QueueItem
from rawr.durable.engine._gateway import Gateway
from rawr.durable.engine.transport import Call, CallAbandoned, Journal, Transport

IN_PROCESS = "inprocess"
"""The scheme of functions that live in the engine's own process."""


class Transports:
    """The ways to call a function: HTTP, and one per app of this process."""

    def __init__(self, http: Transport, gateway: Gateway, *, unbound_retry: timedelta) -> None:
        self._http = http
        self._gateway = gateway
        self._in_process: dict[str, Transport] = {}
        self._unbound_retry_ms = unbound_retry // timedelta(milliseconds=1)

    def bind(self, app_id: str, transport: Transport) -> None:
        """Serve an app's functions in this process."""
        self._in_process[app_id] = transport

    async def call(self, call: Call, journal: Journal) -> Response:
        """Call a function; a defect of a transport is a failed attempt of the run."""
        transport = self._http
        if urlsplit(call.function.url).scheme == IN_PROCESS:
            bound = self._in_process.get(call.function.app_id)
            if bound is None:
                return self._unbound(call)
            transport = bound
        try:
            return await transport.call(call, journal)
        except CallAbandoned:
            raise
        except Exception as error:  # noqa: BLE001 - a loop boundary: one run must not stop the engine
            return Errored(error=RunError(name=type(error).__name__, message=str(error)))

    async def gateway(self, item: QueueItem) -> Returned | Errored:
        """Make the HTTP request of an open step."""
        return await self._gateway.perform(item)

    async def close(self) -> None:
        """Release every transport."""
        for transport in (*self._in_process.values(), self._http):
            await transport.close()
        await self._gateway.close()

    def _unbound(self, call: Call) -> Errored:
        app_id = call.function.app_id
        return Errored(
            error=RunError(name="AppNotServed", message=f"This process does not serve {app_id!r}"),
            retry_after_ms=self._unbound_retry_ms,
            counts=False,
        )
