"""The document and its page beside the operations of a handler."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from rawr.contract import Contract, get
from rawr.http import OpenAPIHandler
from rawr.http.plugins import Compression, OpenAPIReference
from rawr.openapi import ReferencePage, generate_openapi
from rawr.procedure import procedures
from rawr.testing.asgi import ASGIClient, ASGIResponse

os = procedures()


class Planets(Contract, publish=True):
    count = os.route(method="GET", path="/count").output(int).handler(lambda context: 8)
    described = get("/described").output(int)


class Served(Contract):
    count = Planets.count


@pytest.fixture
def page(tmp_path: Path) -> ReferencePage:
    script = tmp_path / "scalar.js"
    script.write_bytes(b"scalar" * 1000)
    return ReferencePage(lambda server: generate_openapi(Planets, servers=[server]), script=script)


async def ask(
    page: ReferencePage, path: str, method: str = "GET", *, accept: str = "", **options: Any
) -> ASGIResponse:
    plugins = [OpenAPIReference(page, **options), Compression()]
    handler = OpenAPIHandler(os.router(Served), plugins=plugins)
    headers = {"host": "hq.example", "accept-encoding": accept}
    return await ASGIClient(handler.asgi(prefix="/api")).request(method, path, headers=headers)


async def test_the_document_names_the_server_that_was_asked(page: ReferencePage) -> None:
    response = await ask(page, "/api/spec.json")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-disposition"] == 'inline; filename="spec.json"'
    assert response.json()["servers"] == [{"url": "http://hq.example/api"}]
    assert list(response.json()["paths"]) == ["/count", "/described"]


@pytest.mark.parametrize("path", ["/api", "/api/"])
async def test_the_page_is_at_the_prefix_itself(page: ReferencePage, path: str) -> None:
    response = await ask(page, path)
    assert (response.status, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert 'src="/api/scalar.js?v=' in response.text
    assert '"url":"/api/spec.json"' in response.text


async def test_both_may_lie_elsewhere(page: ReferencePage) -> None:
    options = {"docs_path": "/docs", "spec_path": "/openapi.json"}
    text = (await ask(page, "/api/docs", **options)).text
    assert 'src="/api/docs/scalar.js?v=' in text
    assert '"url":"/api/openapi.json"' in text
    assert (await ask(page, "/api/docs/reference.js", **options)).status == 200
    assert (await ask(page, "/api/openapi.json", **options)).status == 200
    for path in ("/api", "/api/spec.json", "/api/reference.js", "/api/docs/nothing.js"):
        assert (await ask(page, path, **options)).status == 404


async def test_operations_come_first(page: ReferencePage) -> None:
    response = await ask(page, "/api/count", spec_path="/count")
    assert response.json() == 8


async def test_what_nobody_knows_is_not_found_still(page: ReferencePage) -> None:
    assert (await ask(page, "/api/described")).status == 404
    assert (await ask(page, "/api/spec.json", "POST")).status == 404
    assert (await ask(page, "/other")).status == 404


async def test_head_is_get_without_the_body(page: ReferencePage) -> None:
    response = await ask(page, "/api/spec.json", "HEAD")
    assert (response.status, response.body) == (200, b"")
    assert int(response.headers["content-length"]) > 0


@pytest.mark.parametrize(
    ("accept", "is_packed"),
    [("gzip, br", True), ("br;q=1.0, GZIP;q=0.5", True), ("", False), ("gzip;q=0", False)],
)
async def test_scripts_are_compressed_once_for_all(
    page: ReferencePage, accept: str, is_packed: bool
) -> None:
    response = await ask(page, "/api/scalar.js", accept=accept)
    assert (response.headers.get("content-encoding") == "gzip") is is_packed
    content = gzip.decompress(response.body) if is_packed else response.body
    assert content == b"scalar" * 1000


async def test_a_server_without_a_host_header_names_itself(page: ReferencePage) -> None:
    handler = OpenAPIHandler(os.router(Served), plugins=[OpenAPIReference(page)])
    for server, url in ((("::1", 80), "http://[::1]:80"), (None, "http://localhost")):
        sent: list[Any] = []

        async def send(message: Any, into: list[Any] = sent) -> None:
            into.append(message)

        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": "/spec.json",
            "headers": [],
            "server": server,
        }
        assert await handler.handle(scope, _nothing, send)
        assert url.encode() in sent[1]["body"]


async def _nothing() -> Any:
    return {"type": "http.request"}


@pytest.mark.parametrize("options", [{"docs_path": "docs"}, {"spec_path": "spec.json"}])
def test_paths_start_with_a_slash(page: ReferencePage, options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="starts with '/'"):
        OpenAPIReference(page, **options)
