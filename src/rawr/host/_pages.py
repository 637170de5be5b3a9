"""Infrastructure routes: health, readiness, the landing page and signing in to it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from rawr.composition import IPNetwork, Principal
from rawr.coordination import RunReader, RunRecord

from ._forms import query_field, read_form
from ._landing import (
    CONTENT_SECURITY_POLICY,
    Destination,
    landing_page,
    sign_in_page,
    stylesheet,
)
from ._mounts import Mount, by_method, respond
from ._readiness import Readiness
from ._requests import source_ip
from ._web_assets import PluginFiles
from ._web_plugins import page_of, plugin_links
from .identity import (
    Access,
    CookiePolicy,
    OriginPolicy,
    Proven,
    SessionCookie,
    TooManyAttempts,
    audit,
    credentials_of,
)

_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json"
_LATEST_RUNS: Final = 20
_RUNS_LOOKED_AT: Final = 200
_PAGE_HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # With no referrer at all, browsers would send forms with `Origin: null`.
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The pages of a host and what they read from."""

    hq: str
    """What people call the HQ."""
    access: Access
    runs: RunReader
    readiness: Readiness
    cookie: CookiePolicy
    origins: OriginPolicy
    trusted_proxies: tuple[IPNetwork, ...]
    capabilities: Mapping[str, frozenset[str]]
    """The roles of each capability; who has one of them may see its runs."""
    engine: str
    """Who executes durable functions."""
    plugins: tuple[PluginFiles, ...] = ()
    """The web plugins that the landing page leads to."""
    on_access_changed: Callable[[], None] = lambda: None
    """Told when a session ended, so that its open streams can be."""

    def mounts(self) -> tuple[Mount, ...]:
        """Every infrastructure route."""
        return (
            Mount("/health", by_method("GET", self._health), exact=True),
            Mount("/ready", by_method("GET", self._ready), exact=True),
            Mount("/landing.css", by_method("GET", self._stylesheet), exact=True),
            Mount("/sign-in", by_method("POST", self._sign_in, GET=self._open_link), exact=True),
            Mount("/sign-out", by_method("POST", self._sign_out), exact=True),
            Mount("/", by_method("GET", self._landing), exact=True),
        )

    async def _health(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, b'{"ok":true}', _JSON)

    async def _ready(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        report = self.readiness.report()
        await respond(send, 200 if report.ready else 503, msgspec.json.encode(report), _JSON)

    async def _stylesheet(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, stylesheet(), "text/css; charset=utf-8")

    async def _landing(self, scope: Scope, _receive: Receive, send: Send) -> None:
        principal, headers = self.signed_in(scope), await self._renewed(scope)
        if principal is None:
            to = self._destination(query_field(scope, "to"))
            await _page(send, 200, sign_in_page(self.hq, to=to), headers)
            return
        runs, links = await self._latest_runs(principal), self._plugin_links(principal)
        html = landing_page(self.hq, principal, runs, links, engine=self.engine)
        await _page(send, 200, html, headers)

    def _destination(self, capability: str) -> Destination | None:
        """The page of a web plugin that there is, so that no link leads anywhere else."""
        for plugin in self.plugins:
            if plugin.capability == capability:
                title = plugin.surface.title
                return Destination(capability=capability, title=title, path=page_of(plugin))
        return None

    def _plugin_links(self, principal: Principal) -> Sequence[tuple[str, str]]:
        seen = [
            plugin
            for plugin in self.plugins
            if _may_see(principal, self.capabilities[plugin.capability])
        ]
        return plugin_links(seen)

    async def _latest_runs(self, principal: Principal) -> Sequence[RunRecord] | None:
        """The runs of the principal's tenant and capabilities; None if there are no such."""
        seen = {name for name, roles in self.capabilities.items() if _may_see(principal, roles)}
        if not seen:
            return None
        page = await self.runs.list(tenant_id=principal.tenant_id, limit=_RUNS_LOOKED_AT)
        return [run for run in page.runs if run.capability in seen][:_LATEST_RUNS]

    async def _renewed(self, scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
        """The header that gives a session's cookie another value, if it is time for one."""
        session = self._session(scope)
        value = None if session is None else await self.access.sessions.renew(session.value)
        return () if value is None else ((b"set-cookie", self.cookie.start(value).encode()),)

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.origins.admits_form(scope["headers"]):
            await self._notice(send, 403, "Sign in from this page itself.")
            return
        form, address = await read_form(receive), source_ip(scope, self.trusted_proxies)
        if form is None:
            return
        sign_in, to = self.access.sign_in, self._destination(form.get("to", ""))
        if "name" in form:
            attempt = sign_in.with_password(
                form["name"].strip(), form.get("password", ""), address=address
            )
            await self._enter(scope, send, attempt, "Name or password is not valid.", to)
        else:
            attempt = sign_in.with_token(form.get("token", "").strip(), address=address)
            await self._enter(scope, send, attempt, "That token is not valid.", to)

    async def _open_link(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if not self.origins.admits_form(scope["headers"]):
            await self._notice(send, 403, "Open the link yourself: another site sent you here.")
            return
        attempt = self.access.sign_in.with_ticket(
            query_field(scope, "ticket"), address=source_ip(scope, self.trusted_proxies)
        )
        await self._enter(scope, send, attempt, "That link was used or has expired.")

    async def _enter(
        self,
        scope: Scope,
        send: Send,
        attempt: Awaitable[Proven | None],
        refusal: str,
        to: Destination | None = None,
    ) -> None:
        """Begin a session for who has proved something; the browser's old one ends."""
        try:
            proven = await attempt
        except TooManyAttempts as error:
            wait = (b"retry-after", str(error.retry_after).encode())
            await self._notice(send, 429, str(error), wait, to=to)
            return
        if proven is None:
            await self._notice(send, 401, refusal, to=to)
            return
        await self._end_session(scope)
        cookie = self.cookie.start(await self.access.sessions.start(proven))
        await _see_page(send, cookie, "/" if to is None else to.path)

    async def _sign_out(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if not self.origins.admits_form(scope["headers"]):
            await self._notice(send, 403, "Sign out from this page itself.")
            return
        principal = self.signed_in(scope)
        await self._end_session(scope)
        if principal is not None:
            audit("sign-out", subject=principal.subject, tenant=principal.tenant_id)
        await _see_page(send, self.cookie.clear())

    async def _notice(
        self,
        send: Send,
        status: int,
        text: str,
        *headers: tuple[bytes, bytes],
        to: Destination | None = None,
    ) -> None:
        await _page(send, status, sign_in_page(self.hq, to=to, notice=text), headers)

    def signed_in(self, scope: Scope) -> Principal | None:
        """Who the session of a request belongs to."""
        session = self._session(scope)
        return None if session is None else self.access.sessions.find(session.value)

    async def _end_session(self, scope: Scope) -> None:
        session = self._session(scope)
        if session is not None:
            await self.access.sessions.end(session.value)
            self.on_access_changed()

    def _session(self, scope: Scope) -> SessionCookie | None:
        credentials = credentials_of(scope["headers"], cookie=self.cookie.name)
        return credentials if isinstance(credentials, SessionCookie) else None


def _may_see(principal: Principal, roles: frozenset[str]) -> bool:
    return not roles or not roles.isdisjoint(principal.roles)


async def _page(
    send: Send, status: int, html: str, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    await respond(send, status, html.encode(), _HTML, headers=(*_PAGE_HEADERS, *headers))


async def _see_page(send: Send, cookie: str, path: str = "/") -> None:
    headers = (
        (b"location", path.encode()),
        (b"set-cookie", cookie.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
    )
    await respond(send, 303, b"", "text/plain", headers=headers)
