"""The published document, and the page people read it on; both are for anybody."""

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from rawr.openapi import ReferenceFile, ReferencePage
from rawr.schema import Json

from ._mounts import Mount, respond
from ._requests import header


def reference_mounts(
    document: Mapping[str, Json], *, document_path: str, page_path: str
) -> tuple[Mount, ...]:
    """The document, its reference page and the files of the page; every path on its own."""
    page = ReferencePage(document)
    encoded = page.spec("/")

    def html(_scope: Scope) -> ReferenceFile:
        return page.html(base=page_path, spec_url=document_path, server="/")

    return (
        Mount(document_path, _app(lambda _scope: encoded), exact=True),
        Mount(page_path, _app(html), exact=True),
        *(Mount(f"{page_path}/{name}", _app(_file(page, name)), exact=True) for name in page.names),
    )


_Find = Callable[[Scope], ReferenceFile | None]


def _file(page: ReferencePage, name: str) -> _Find:
    def find(scope: Scope) -> ReferenceFile | None:
        accepted = header(scope["headers"], b"accept-encoding") or ""
        return page.file(name, gzip="gzip" in accepted)

    return find


def _app(find: _Find) -> ASGIApp:
    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            allow = ((b"allow", b"GET, HEAD"),)
            await respond(send, 405, b"Method Not Allowed", "text/plain", headers=allow)
            return
        found = find(scope)
        if found is None:
            await respond(send, 404, b"The page needs no such file here", "text/plain")
            return
        headers = tuple((name.encode(), value.encode()) for name, value in found.headers)
        await respond(send, 200, found.body, found.content_type, headers=headers)

    return app
