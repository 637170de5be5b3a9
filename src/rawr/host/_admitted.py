"""Who was admitted with a request, for what happens to it later."""

from typing import Final

from starlette.types import Scope

from rawr.composition import Principal

from .identity import Access, Credentials, audit

_KEY: Final = "rawr.admitted"


def remember(scope: Scope, credentials: Credentials | None, principal: Principal) -> None:
    """Note in the scope of a request who sent it, and how that was proved."""
    scope[_KEY] = credentials, principal


async def still_admitted(access: Access, scope: Scope) -> bool:
    """False if the sender of a lasting request was admitted and the proof no longer counts."""
    credentials, principal = scope.get(_KEY, (None, None))
    if credentials is None or await access.still_proves(credentials, principal.subject):
        return True
    audit("stream.ended", subject=principal.subject, path=scope["path"])
    return False


def audit_forbidden(scope: Scope, *, procedure: str | None = None) -> None:
    """Note that somebody who was admitted asked for what is not theirs."""
    if _KEY in scope:
        _credentials, principal = scope[_KEY]
        audit(
            "request.forbidden",
            method=scope.get("method", "WEBSOCKET"),
            path=scope["path"],
            procedure=procedure,
            subject=principal.subject,
            tenant=principal.tenant_id,
        )
