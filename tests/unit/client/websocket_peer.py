"""A websocket link and the fake network it uses."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from tests.unit.client.fake_socket import (
    FakeNetwork,
    FakeSocket,
)
from tests.unit.client.fakes import Api

from rawr.client import (
    WebSocketLink,
    create_client,
)

URL = "wss://hq.example/rpc/ws"


class Peer:
    """A client, and the network its link uses."""

    def __init__(self, network: FakeNetwork, client: Api) -> None:
        self.network = network
        self.client = client
        self.answers: list[Any] = []

    async def keep(self, call: Awaitable[Any]) -> None:
        """Make a call and keep what came of it."""
        try:
            self.answers.append(await call)
        except Exception as error:  # noqa: BLE001 - failures are what some tests look at
            self.answers.append(error)


@asynccontextmanager
async def peer_of(*failures: Exception, **options: Any) -> AsyncIterator[Peer]:
    network = FakeNetwork(*failures)
    async with WebSocketLink(URL, connect=network, **options) as link:
        yield Peer(network, create_client(Api, link))


@asynccontextmanager
async def served(peer: Peer, *calls: Awaitable[Any]) -> AsyncIterator[FakeSocket]:
    """Make calls while the test answers them; ends when all have ended."""
    async with anyio.create_task_group() as tasks:
        for call in calls:
            tasks.start_soon(peer.keep, call)
        with anyio.fail_after(5):
            yield await peer.network.socket()
