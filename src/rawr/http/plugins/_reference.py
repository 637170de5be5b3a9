"""A document and its reference page beside the operations (oRPC's OpenAPIReferencePlugin)."""

from typing import Final, Protocol

from typing_extensions import override

from rawr.http._asgi import Receive, Scope, Send, raw_path
from rawr.http._plugin import Exchange, Mount, Plugin
from rawr.http._response import BODY, Header, start_whole
from rawr.wire.path import lookup_path

_METHODS: Final = ("GET", "HEAD")


class PageFile(Protocol):
    """One answer of a page."""

    @property
    def content_type(self) -> str:
        """Its media type."""
        ...

    @property
    def body(self) -> bytes:
        """All of it."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What else to say of it."""
        ...


class DocumentPage(Protocol):
    """What `rawr.openapi.ReferencePage` gives; the place for pages of another kind."""

    def spec(self, server: str) -> PageFile:
        """The document for a server at this URL."""
        ...

    def html(self, *, base: str, spec_url: str, server: str) -> PageFile:
        """The page whose files lie under the URL path `base`."""
        ...

    def file(self, name: str, *, gzip: bool = True) -> PageFile | None:
        """One of its files; `gzip` says whether the client takes that."""
        ...


class OpenAPIReference(Plugin):
    """Serves a document and the page people read it on, where no operation answers.

    >>> from rawr.contract import Contract, get
    >>> from rawr.http import OpenAPIHandler
    >>> from rawr.openapi import ReferencePage, generate_openapi
    >>> from rawr.procedure import procedures
    >>> os = procedures()
    >>> class Planets(Contract, publish=True):
    ...     count = os.route(method="GET", path="/count").output(int).handler(lambda context: 8)
    >>> page = ReferencePage(lambda server: generate_openapi(Planets, servers=[server]))
    >>> handler = OpenAPIHandler(os.router(Planets), plugins=[OpenAPIReference(page)])

    Args:
        page: The page, such as a `rawr.openapi.ReferencePage`.
        docs_path: Where it is, under the handler's prefix; its files lie below.
        spec_path: Where the document is.

    Raises:
        ValueError: A path does not start with a slash.
    """

    def __init__(
        self, page: DocumentPage, *, docs_path: str = "/", spec_path: str = "/spec.json"
    ) -> None:
        for path in (docs_path, spec_path):
            if not path.startswith("/"):
                raise ValueError(f"a path starts with '/': write {'/' + path!r} for {path!r}")
        self._page = page
        self._docs_path = docs_path.removesuffix("/")
        self._spec_path = spec_path.removesuffix("/")

    @override
    def around_exchange(self, exchange: Exchange, mount: Mount) -> Exchange:
        """See `Plugin.around_exchange`."""

        async def documented(scope: Scope, receive: Receive, send: Send) -> bool:
            if await exchange(scope, receive, send):
                return True
            if scope["method"] not in _METHODS:
                return False
            found = self._find(scope, mount.prefix)
            if found is None:
                return False
            headers: list[Header] = [
                (b"content-type", found.content_type.encode()),
                *((name.encode(), value.encode()) for name, value in found.headers),
            ]
            await send(start_whole(200, headers, found.body))
            body = b"" if scope["method"] == "HEAD" else found.body
            await send({"type": BODY, "body": body})
            return True

        return documented

    def _find(self, scope: Scope, prefix: str) -> PageFile | None:
        path = lookup_path(raw_path(scope), prefix)
        if path is None:
            return None
        path = f"/{path.strip('/')}".removesuffix("/")
        root = _origin(scope) + prefix
        if path == self._spec_path:
            return self._page.spec(root)
        base = prefix + self._docs_path
        if path == self._docs_path:
            return self._page.html(base=base, spec_url=prefix + self._spec_path, server=root)
        folder, _, name = path.rpartition("/")
        if folder != self._docs_path:
            return None
        return self._page.file(name, gzip=_takes_gzip(scope))


def _origin(scope: Scope) -> str:
    """Scheme and host the client used, as far as the server knows them."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    host = hosts[0].decode("latin-1") if hosts else _server(scope)
    return f"{scope.get('scheme', 'http')}://{host}"


def _server(scope: Scope) -> str:
    host, port = scope.get("server") or ("localhost", None)
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port is None else f"{bracketed}:{port}"


def _takes_gzip(scope: Scope) -> bool:
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    offers = (offer.strip().lower().split(b";") for offer in accepted.split(b","))
    return any(
        name.strip() == b"gzip" and b"q=0" not in {part.strip() for part in parameters}
        for name, *parameters in offers
    )
