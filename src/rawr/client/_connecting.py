"""Which websocket the next call uses, and when a new one is opened."""

import inspect
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import anyio
from anyio.abc import TaskGroup

from ._errors import ConnectFailed, ConnectionLost, LinkError
from ._messages import Headers
from ._peer import PeerConnection
from ._retry import Sleep
from ._socket import Connect

ConnectHeaders: TypeAlias = Headers | Callable[[], Headers] | Callable[[], Awaitable[Headers]]
"""Headers of the handshake, or what makes them for each one (such as a fresh token)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """How a lost websocket is opened again, once a call needs one.

    The delay doubles with each failure in a row; half of it is random, to spread the load.
    """

    max_attempts: int = 5
    first_delay_seconds: float = 0.2
    longest_delay_seconds: float = 10.0

    def delay_seconds(self, failures: int) -> float:
        """How long to wait after so many failures in a row (at least one)."""
        full = min(self.longest_delay_seconds, self.first_delay_seconds * 2.0 ** (failures - 1))
        return full * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, guards nothing


class PeerConnections:
    """The current connection of a link; the tasks that open and read it are in one group."""

    def __init__(
        self,
        url: str,
        connect: Connect,
        tasks: TaskGroup,
        *,
        headers: ConnectHeaders,
        reconnect: Reconnect | None,
        max_buffered_bytes: int,
        sleep: Sleep,
    ) -> None:
        self._url = url
        self._connect = connect
        self._tasks = tasks
        self._headers = headers
        self._reconnect = reconnect
        self._max_buffered_bytes = max_buffered_bytes
        self._sleep = sleep
        self._current: PeerConnection | None = None
        self._opening: _Opening | None = None

    async def connection(self) -> PeerConnection:
        """The open connection; callers that come while it is opened wait together.

        Raises:
            LinkError: It cannot be opened, or was lost and may not be opened again.
        """
        if self._current is not None and self._current.is_open:
            return self._current
        if self._current is not None and self._reconnect is None:
            raise ConnectionLost(
                "The websocket of this link is closed; make a new link, or pass "
                "reconnect=Reconnect() to open another one when a call needs it"
            )
        if self._opening is None:
            self._opening = _Opening()
            self._tasks.start_soon(self._open, self._opening, name="open websocket")
        return await self._opening.outcome()

    async def _open(self, opening: "_Opening") -> None:
        try:
            self._current = await self._attempt()
        except Exception as error:  # noqa: BLE001 - the calls that wait for it are told instead
            opening.fail(error)
        else:
            self._tasks.start_soon(self._current.read, name="read websocket")
            opening.resolve(self._current)
        finally:
            opening.fail(ConnectionLost("The link was closed"))
            self._opening = None

    async def _attempt(self) -> PeerConnection:
        policy = self._reconnect or Reconnect(max_attempts=1)
        failures = 0
        while True:
            try:
                return await self._connected()
            except ConnectFailed:
                failures += 1
                if failures >= policy.max_attempts:
                    raise
            await self._sleep(policy.delay_seconds(failures))

    async def _connected(self) -> PeerConnection:
        headers = self._headers() if callable(self._headers) else self._headers
        if inspect.isawaitable(headers):
            headers = await headers
        socket = await self._connect(self._url, headers)
        return PeerConnection(socket, self._tasks, max_buffered_bytes=self._max_buffered_bytes)


class _Opening:
    """One attempt to connect, shared by the calls that wait for it."""

    def __init__(self) -> None:
        self._settled = anyio.Event()
        self._outcome: PeerConnection | Exception | None = None

    async def outcome(self) -> PeerConnection:
        await self._settled.wait()
        if isinstance(self._outcome, LinkError):
            raise self._outcome.retold()
        if isinstance(self._outcome, Exception):
            raise self._outcome
        assert self._outcome is not None, "settled"
        return self._outcome

    def resolve(self, connection: PeerConnection) -> None:
        self._settle(connection)

    def fail(self, error: Exception) -> None:
        self._settle(error)

    def _settle(self, outcome: PeerConnection | Exception) -> None:
        if self._outcome is None:
            self._outcome = outcome
            self._settled.set()
