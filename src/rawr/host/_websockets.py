"""Websockets of first parties at `/rpc`: admitted at the handshake, and again at every call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import anyio
import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rawr.composition import Principal
from rawr.contract import ORPCError
from rawr.wire.error import error_to_json

from ._admission import FIRST_PARTIES, Admission
from ._mounts import deny
from ._overload import retry_after_of
from .identity import KeyedLimit

MESSAGES_PER_CALL: Final = 10
"""How many messages count like one request: a call may send a stream of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketDoor:
    """Lets first parties open websockets, and reads no faster than their rate allows.

    The credentials are those of the handshake; a page's cookie counts only with the page's own
    `Origin`. Every call is admitted by itself, so its caller is refused from the moment the
    credentials no longer count.
    """

    admission: Admission
    messages: KeyedLimit[tuple[str, str]] | None = None
    """Messages per principal; None limits nothing."""
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    """Takes seconds."""

    def guard(self, app: ASGIApp) -> ASGIApp:
        """The websocket app behind the door."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                principal = await self.admission.admit(scope, FIRST_PARTIES)
            except ORPCError as error:
                body = msgspec.json.encode({"json": error_to_json(error), "meta": []})
                headers = retry_after_of(scope)
                await deny(scope, receive, send, error.status, body=body, headers=headers)
                return
            await app(scope, self._paced(receive, principal), send)

        return guarded

    def _paced(self, receive: Receive, principal: Principal) -> Receive:
        """Messages as they come, later where they come too fast: the client has to wait then."""
        messages = self.messages
        if messages is None:
            return receive
        key = (principal.tenant_id, principal.subject)

        async def paced() -> Message:
            message = await receive()
            while (wait := messages.take(key)) is not None:
                await self.sleep(wait)
            return message

        return paced
