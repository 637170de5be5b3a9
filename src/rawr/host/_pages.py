"""Infrastructure routes: health, readiness, the landing page and signing in to it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from rawr.composition import CallerClass, Principal
from rawr.coordination import RunReader, RunRecord

from ._identity import Identity
from ._landing import CONTENT_SECURITY_POLICY, landing_page, stylesheet
from ._mounts import Mount, respond
from ._requests import header
from ._sessions import Sessions, clear_cookie, session_cookie, set_cookie

_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json"
_LATEST_RUNS: Final = 20
_MAX_FORM_BYTES: Final = 4096
_PAGE_HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The pages of a host and what they read from."""

    identity: Identity
    runs: RunReader
    is_ready: Callable[[], bool]
    sessions: Sessions
    openapi: bytes
    secure_cookies: bool

    def mounts(self) -> tuple[Mount, ...]:
        """Every infrastructure route."""
        return (
            Mount("/health", _on("GET", self._health), exact=True),
            Mount("/ready", _on("GET", self._ready), exact=True),
            Mount("/landing.css", _on("GET", self._stylesheet), exact=True),
            Mount("/sign-in", _on("POST", self._sign_in), exact=True),
            Mount("/sign-out", _on("POST", self._sign_out), exact=True),
            Mount("/", _on("GET", self._landing), exact=True),
        )

    def openapi_mount(self, path: str) -> Mount:
        """The published OpenAPI document."""
        return Mount(path, _on("GET", self._openapi), exact=True)

    async def _health(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, b'{"ok":true}', _JSON)

    async def _ready(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        ready = self.is_ready()
        body = msgspec.json.encode({"ready": ready})
        await respond(send, 200 if ready else 503, body, _JSON)

    async def _stylesheet(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, stylesheet(), "text/css; charset=utf-8")

    async def _openapi(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, self.openapi, _JSON)

    async def _landing(self, scope: Scope, _receive: Receive, send: Send) -> None:
        principal = self.sessions.find(session_cookie(header(scope["headers"], b"cookie")))
        runs: Sequence[RunRecord] = ()
        if principal is not None:
            runs = (await self.runs.list(tenant_id=principal.tenant_id, limit=_LATEST_RUNS)).runs
        await _page(send, 200, landing_page(principal, runs))

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _same_site(scope):
            await _page(send, 403, landing_page(None, (), notice="Sign in from this page itself."))
            return
        principal = await self._verify(await _form_field(receive, "token"))
        if principal is None:
            await _page(send, 401, landing_page(None, (), notice="That token is not valid."))
            return
        await _see_page(
            send, set_cookie(self.sessions.start(principal), secure=self.secure_cookies)
        )

    async def _sign_out(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if not _same_site(scope):
            await _page(send, 403, landing_page(None, (), notice="Sign out from this page itself."))
            return
        self.sessions.end(session_cookie(header(scope["headers"], b"cookie")))
        await _see_page(send, clear_cookie())

    async def _verify(self, token: str | None) -> Principal | None:
        principal = None if token is None else await self.identity.authenticate(token)
        # A session is a first party's; third parties have the published API.
        if principal is None or principal.caller is CallerClass.THIRD_PARTY:
            return None
        return principal


def _on(method: str, answer: Callable[[Scope, Receive, Send], Awaitable[None]]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in (method, "HEAD" if method == "GET" else method):
            await answer(scope, receive, send)
        else:
            allow = ((b"allow", method.encode()),)
            await respond(send, 405, b"Method Not Allowed", "text/plain", headers=allow)

    return app


async def _page(send: Send, status: int, html: str) -> None:
    await respond(send, status, html.encode(), _HTML, headers=_PAGE_HEADERS)


async def _see_page(send: Send, cookie: str) -> None:
    headers = (
        (b"location", b"/"),
        (b"set-cookie", cookie.encode()),
        (b"cache-control", b"no-store"),
    )
    await respond(send, 303, b"", "text/plain", headers=headers)


def _same_site(scope: Scope) -> bool:
    """False for a form that another site made the browser send."""
    site = header(scope["headers"], b"sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = header(scope["headers"], b"origin")
    return origin is None or origin.partition("://")[2] == header(scope["headers"], b"host")


async def _form_field(receive: Receive, name: str) -> str | None:
    body = b""
    while len(body) <= _MAX_FORM_BYTES:
        message: Any = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    if len(body) > _MAX_FORM_BYTES:
        return None
    values = parse_qs(body.decode("latin-1")).get(name)
    return values[-1].strip() if values else None
