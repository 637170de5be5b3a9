"""The reference page: HTML, a start script, and whatever renders it; all from this host."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from rawr.schema import Json

from ._listing import listing
from ._policy import content_security_policy
from ._script import ASSETS, LocalScript, RemoteScript, find_script

Document: TypeAlias = Mapping[str, Json]
DocumentSource: TypeAlias = Document | Callable[[str], Document]
"""A document, or what makes one for the URL of the server that is asked for it."""

_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json"
_JAVASCRIPT: Final = "text/javascript; charset=utf-8"
_CSS: Final = "text/css; charset=utf-8"
_VERSION_LENGTH: Final = 12

_SCRIPT: Final = "scalar.js"
_START: Final = "reference.js"
_STYLE: Final = "reference.css"

_QUIET: Final[Mapping[str, Json]] = {
    "agent": {"disabled": True},
    "hideClientButton": True,
    "mcp": {"disabled": True},
    "showDeveloperTools": "never",
    "telemetry": False,
    "withDefaultFonts": False,
}
"""What keeps Scalar from asking other hosts for anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFile:
    """One answer of a reference page."""

    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class ReferencePage:
    """The page people read a document on, and everything it needs; it does no input or output.

    Scalar renders it where its bundle is installed, or where `script` says where it is: a file,
    or the URL of a host that browsers may then load it from. Without one, the page lists the
    operations in plain HTML. Every page has a Content-Security-Policy that lets it talk to
    its own host and the document's servers only.

    >>> page = ReferencePage({"openapi": "3.1.1", "info": {"title": "HQ"}, "paths": {}})
    >>> page.html(base="/docs", spec_url="/openapi.json", server="/").content_type
    'text/html; charset=utf-8'

    Args:
        document: The document, or a function of the server's URL that makes it.
        title: Of the page; the document's own if left out.
        config: Settings of Scalar, over those that keep it quiet.
        script: Where Scalar is, if not in the bundle.

    Raises:
        ValueError: `script` is no absolute URL.
        OSError: `script` cannot be read.
    """

    names: Final = (_SCRIPT, _START, _STYLE)
    """The files beside the page, by name."""

    def __init__(
        self,
        document: DocumentSource,
        *,
        title: str | None = None,
        config: Mapping[str, Json] | None = None,
        script: Path | str | None = None,
    ) -> None:
        self._source = document
        self._title = title
        self._config = dict(config or {})
        self._given_script = script
        self._made: tuple[str, Document] | None = None
        if script is not None:
            find_script(script)

    @cached_property
    def script(self) -> LocalScript | RemoteScript | None:
        """What renders the page; None if it lists operations itself. Read on first use."""
        return find_script(self._given_script)

    def spec(self, server: str) -> ReferenceFile:
        """The document itself, for a server at this URL."""
        return ReferenceFile(
            content_type=_JSON,
            body=msgspec.json.encode(self._document(server)),
            headers=(("content-disposition", 'inline; filename="spec.json"'),),
        )

    def html(self, *, base: str, spec_url: str, server: str) -> ReferenceFile:
        """The page.

        `base` is the URL path its files lie under, `spec_url` where the document is served.
        """
        document = self._document(server)
        body = self._listing(document, base, spec_url)
        if self.script is not None:
            body = self._scalar(self.script, document, base, spec_url)
        policy = content_security_policy(document, self.script)
        headers = (
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-cache"),
        )
        return ReferenceFile(
            content_type=_HTML, body=self._page(document, body).encode(), headers=headers
        )

    def file(self, name: str, *, gzip: bool = True) -> ReferenceFile | None:
        """One of the files beside the page; `gzip` says whether the client takes that."""
        if name == _SCRIPT and isinstance(self.script, LocalScript):
            return _compressed(self.script) if gzip else _asset(_JAVASCRIPT, self.script.plain())
        if name == _START:
            return _asset(_JAVASCRIPT, _read(_START))
        if name == _STYLE:
            return _asset(_CSS, _read(_STYLE))
        return None

    def _document(self, server: str) -> Document:
        if not callable(self._source):
            return self._source
        if self._made is None or self._made[0] != server:
            self._made = (server, self._source(server))
        return self._made[1]

    def _page(self, document: Document, body: str) -> str:
        title = self._title or document.get("info", {}).get("title") or "API Reference"
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n{body}"
        )

    def _scalar(
        self, script: LocalScript | RemoteScript, document: Document, base: str, spec_url: str
    ) -> str:
        # A document without servers is about the host it comes from.
        here = {} if document.get("servers") else {"servers": [{"url": "/"}]}
        config = {**_QUIET, **here, "url": spec_url, **self._config}
        source = script.url if isinstance(script, RemoteScript) else _url(base, _SCRIPT, script)
        return (
            f'</head>\n<body>\n<div id="reference"></div>\n'
            f'<script type="application/json" id="configuration">{_inline(config)}</script>\n'
            f'<script src="{escape(source)}"></script>\n'
            f'<script src="{escape(_url(base, _START))}"></script>\n</body>\n</html>\n'
        )

    def _listing(self, document: Document, base: str, spec_url: str) -> str:
        style = f'<link rel="stylesheet" href="{escape(_url(base, _STYLE))}">\n'
        return f"{style}</head>\n<body>\n{listing(document, spec_url)}</body>\n</html>\n"


def _url(base: str, name: str, script: LocalScript | None = None) -> str:
    """A file's URL, which changes with its content: browsers may keep it."""
    content = _read(name) if script is None else script.compressed
    version = hashlib.sha256(content).hexdigest()[:_VERSION_LENGTH]
    return f"{base.removesuffix('/')}/{name}?v={version}"


def _read(name: str) -> bytes:
    return ASSETS.joinpath(name).read_bytes()


def _asset(content_type: str, body: bytes, *headers: tuple[str, str]) -> ReferenceFile:
    kept = ("cache-control", "public, max-age=31536000, immutable")
    sniffed = ("x-content-type-options", "nosniff")
    return ReferenceFile(content_type=content_type, body=body, headers=(kept, sniffed, *headers))


def _compressed(script: LocalScript) -> ReferenceFile:
    encoding = (("content-encoding", "gzip"), ("vary", "accept-encoding"))
    return _asset(_JAVASCRIPT, script.compressed, *encoding)


def _inline(config: Mapping[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    text = msgspec.json.encode(config).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
