"""Whoever executes the durable functions of an HQ: the port, and what both adapters are told."""

from collections.abc import Sequence
from typing import Protocol

import inngest
from starlette.types import ASGIApp

from rawr.composition import InngestFunction
from rawr.coordination import EventSender


class EngineBundle(Protocol):
    """The one engine of an HQ with its one client: inside the process, or an Inngest server."""

    client: inngest.Inngest
    """Makes every durable function."""
    sender: EventSender
    """Takes what the outbox holds."""
    place: str
    """Where functions are executed from, for people."""

    async def serve(self, functions: Sequence[InngestFunction]) -> ASGIApp:
        """Have the functions executed; the app is what `/api/inngest` serves."""
        ...

    async def start(self) -> None:
        """Begin to execute."""
        ...

    async def keep_up(self) -> None:
        """Do what must be done all the time; runs until cancelled."""
        ...

    async def find_fault(self) -> str | None:
        """What keeps functions from being executed now, or None."""
        ...

    def operations(self) -> ASGIApp:
        """The API that operators reach over the socket in the data folder."""
        ...

    async def metrics(self) -> str | None:
        """What was done so far, for Prometheus; None where others count."""
        ...

    async def drain(self) -> None:
        """Let the calls end that are under way, and begin no others."""
        ...

    async def close(self) -> None:
        """Release everything."""
        ...
