"""Web plugins: their files, and the page that mounts one for a signed-in first party."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from rawr.composition import CompositionError, Manifest, Principal

from ._admission import FIRST_PARTIES
from ._mounts import Mount, respond
from ._requests import header
from ._settings import Settings
from ._web_assets import Asset, Assets, NotBuilt, PluginFiles, make_asset
from .identity import RawHeaders

WEB_PLUGINS: Final = "/rawr/plugins/web"

WEB_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Scripts, styles and calls from and to the HQ itself, nothing inline, no frames."""

_SCRIPT: Final = "mount.js"
"""The host's own script, beside the plugins; no capability can be called so."""
_ASSETS: Final = files("rawr.host") / "assets"
_HTML: Final = "text/html; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"
_GUARDS: Final = (
    (b"content-security-policy", WEB_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_UNCACHED: Final = (b"cache-control", b"no-store")
_FOREVER: Final = b"public, max-age=31536000, immutable"
_REVALIDATED: Final = b"no-cache"
_VERSION_DIGITS: Final = 16


def plugin_files(manifest: Manifest, settings: Settings) -> Mapping[str, PluginFiles]:
    """The files of every web plugin; development picks up what is built later.

    Raises:
        NotBuilt: In production, the files of a plugin are missing.
        CompositionError: A plugin's directory holds what must not be served.
    """
    is_live = settings.mode == "development"
    found = {
        capability: PluginFiles(capability, surface, settings.hq_dir, is_live)
        for capability, surface in manifest.web.items()
    }
    for plugin in found.values():
        try:
            plugin.assets()
        except NotBuilt:
            if not is_live:
                raise
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPlugins:
    """Serves the files of web plugins to anybody, and their pages to first parties."""

    hq: str
    """What people call the HQ."""
    plugins: Mapping[str, PluginFiles]
    signed_in: Callable[[Scope], Principal | None]
    new_id: Callable[[], str]

    def mount(self) -> Mount:
        """Everything under `/rawr/plugins/web`."""
        return Mount(WEB_PLUGINS, self)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            allow = ((b"allow", b"GET, HEAD"), *_GUARDS)
            await respond(send, 405, b"Method Not Allowed", _TEXT, headers=allow)
            return
        capability, slash, path = scope["path"].removeprefix(f"{WEB_PLUGINS}/").partition("/")
        plugin = self.plugins.get(capability)
        if capability == _SCRIPT and not slash:
            await _send_asset(scope, send, _host_script())
        elif plugin is None:
            text = f"There is no web plugin {capability!r}."
            await self._notice(send, 404, "No such plugin", text)
        elif not slash:
            location = (b"location", f"{WEB_PLUGINS}/{capability}/".encode())
            await respond(send, 307, b"", _TEXT, headers=(location, _UNCACHED, *_GUARDS))
        else:
            await self._answer(scope, send, plugin, path)

    async def _answer(self, scope: Scope, send: Send, plugin: PluginFiles, path: str) -> None:
        try:
            assets = plugin.assets()
        except CompositionError as error:
            await self._notice(send, 503, plugin.surface.title, f"{error}, then reload this page.")
            return
        if path == "":
            await self._page(scope, send, plugin, assets)
        elif path in assets:
            await _send_asset(scope, send, assets[path])
        else:
            message = f"The web plugin {plugin.capability} has no such file.\n".encode()
            await respond(send, 404, message, _TEXT, headers=(_UNCACHED, *_GUARDS))

    async def _page(self, scope: Scope, send: Send, plugin: PluginFiles, assets: Assets) -> None:
        principal, title = self.signed_in(scope), plugin.surface.title
        if principal is None:
            link = f'<p><a href="{sign_in_path(plugin)}">Sign in</a></p>'
            await self._notice(send, 401, title, "Sign in to use it.", link)
        elif principal.caller not in FIRST_PARTIES:
            text = "It is for people of this HQ; use the published API."
            await self._notice(send, 403, title, text)
        else:
            html = _plugin_page(plugin, assets, principal, hq=self.hq, correlation_id=self.new_id())
            await respond(send, 200, html.encode(), _HTML, headers=(_UNCACHED, *_GUARDS))

    async def _notice(
        self, send: Send, status: int, title: str, text: str, action: str = ""
    ) -> None:
        """A page that says why there is no plugin; `action` is what to do, as HTML."""
        html = _render(
            "web_notice.html",
            hq=escape(self.hq),
            title=escape(title),
            text=escape(text),
            action=action,
        )
        await respond(send, status, html.encode(), _HTML, headers=(_UNCACHED, *_GUARDS))


def page_of(plugin: PluginFiles) -> str:
    """The path of a plugin's page."""
    return f"{WEB_PLUGINS}/{plugin.capability}/"


def sign_in_path(plugin: PluginFiles) -> str:
    """Where to sign in and be led to a plugin's page."""
    return f"/?to={plugin.capability}#sign-in"


def plugin_links(plugins: Sequence[PluginFiles]) -> Sequence[tuple[str, str]]:
    """Title and address of each plugin's page."""
    return [(plugin.surface.title, page_of(plugin)) for plugin in plugins]


def _plugin_page(
    plugin: PluginFiles, assets: Assets, principal: Principal, *, hq: str, correlation_id: str
) -> str:
    context = {
        "capability": plugin.capability,
        "correlationId": correlation_id,
        "tenantId": principal.tenant_id,
        "subject": principal.subject,
        "roles": sorted(principal.roles),
    }
    surface = plugin.surface
    style = assets.get(surface.style)
    return _render(
        "web_plugin.html",
        hq=escape(hq),
        title=escape(surface.title),
        subject=escape(principal.subject),
        tenant=escape(principal.tenant_id),
        style="" if style is None else _style_link(_versioned(surface.style, style)),
        entry=escape(_versioned(surface.entry, assets[surface.entry])),
        integrity=_integrity(assets[surface.entry]),
        script=escape(f"{WEB_PLUGINS}/{_versioned(_SCRIPT, _host_script())}"),
        context=escape(msgspec.json.encode(context).decode()),
    )


def _style_link(href: str) -> str:
    return f'<link rel="stylesheet" href="{escape(href)}">'


def _versioned(path: str, asset: Asset) -> str:
    """An address that changes with the content, so that what is cached never goes stale."""
    return f"{path}?v={asset.digest[:_VERSION_DIGITS]}"


def _integrity(asset: Asset) -> str:
    return "sha256-" + base64.b64encode(bytes.fromhex(asset.digest)).decode()


@cache
def _host_script() -> Asset:
    return make_asset(_SCRIPT, _ASSETS.joinpath(_SCRIPT).read_bytes())


async def _send_asset(scope: Scope, send: Send, asset: Asset) -> None:
    asked: RawHeaders = scope["headers"]
    tag = f'W/"{asset.digest[: 2 * _VERSION_DIGITS]}"'
    is_versioned = scope.get("query_string") == f"v={asset.digest[:_VERSION_DIGITS]}".encode()
    headers = (
        (b"etag", tag.encode()),
        (b"cache-control", _FOREVER if is_versioned else _REVALIDATED),
        (b"vary", b"accept-encoding"),
        *_GUARDS,
    )
    known = header(asked, b"if-none-match") or ""
    if tag.removeprefix("W/") in (one.strip().removeprefix("W/") for one in known.split(",")):
        await respond(send, 304, b"", asset.media_type, headers=headers)
    elif asset.gzipped is not None and "gzip" in (header(asked, b"accept-encoding") or ""):
        encoded = (*headers, (b"content-encoding", b"gzip"))
        await respond(send, 200, asset.gzipped, asset.media_type, headers=encoded)
    else:
        await respond(send, 200, asset.body, asset.media_type, headers=headers)


def _render(name: str, **parts: str) -> str:
    return Template(_ASSETS.joinpath(name).read_text(encoding="utf-8")).substitute(parts)
