"""The ingress as the host mounts it: every call it refuses is audited."""

from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rawr.composition import IPNetwork

from ._requests import source_ip
from .identity import audit

_FORBIDDEN: Final = 403


def audited_ingress(app: ASGIApp, trusted_proxies: Sequence[IPNetwork]) -> ASGIApp:
    """The ingress; its refusals tell callers nothing, and the audit log who was refused."""

    async def audited(scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _FORBIDDEN:
                audit(
                    "ingress.refused",
                    method=scope["method"],
                    path=scope["path"],
                    address=source_ip(scope, trusted_proxies),
                )
            await send(message)

        await app(scope, receive, watch)

    return audited
