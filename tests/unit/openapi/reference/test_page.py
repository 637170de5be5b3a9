"""The reference page: what it holds, what it may load, and what it says without a script."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rawr.openapi import ReferencePage
from rawr.openapi.reference import _page

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "HQ <1>", "version": "1.0", "description": "All & everything"},
    "paths": {
        "/runs/{id}": {
            "get": {
                "operationId": "getRun",
                "summary": "One <run>",
                "tags": ["runs"],
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "OK"}},
            },
        },
        "/old": {
            "post": {
                "operationId": "old",
                "deprecated": True,
                "requestBody": {"content": {"application/json": {"schema": {"type": "integer"}}}},
                "responses": {"default": {"description": "Any other error"}},
            }
        },
    },
    "components": {"schemas": {"Run": {"type": "object"}}},
}
SCRIPT = b"window.Scalar = {}"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "scalar.js"
    path.write_bytes(SCRIPT)
    return path


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> ReferencePage:
    monkeypatch.setattr(_page, "find_script", lambda given: None)
    return ReferencePage(DOCUMENT)


def html_of(page: ReferencePage) -> str:
    return page.html(base="/docs/", spec_url="/spec.json", server="https://hq").body.decode()


def policy_of(page: ReferencePage) -> str:
    return dict(page.html(base="", spec_url="/s", server="").headers)["content-security-policy"]


class Loaded(HTMLParser):
    """What a page loads, and whether it has code of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.configuration = ""
        self._element = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._element = given.get("id") or ""
        assert not any(name.startswith("on") or name == "style" for name in given)
        self.urls += [str(given[name]) for name in ("src", "href") if name in given]
        if tag == "script":
            assert "src" in given or given["type"] == "application/json"

    def handle_data(self, data: str) -> None:
        if self._element == "configuration":
            self.configuration += data.strip()


def loaded(page: ReferencePage) -> Loaded:
    parser = Loaded()
    parser.feed(html_of(page))
    return parser


def test_a_page_loads_its_own_files_and_has_no_code_inline(script: Path) -> None:
    urls = loaded(ReferencePage(DOCUMENT, script=script)).urls
    assert [re.sub(r"v=[0-9a-f]{12}", "v=", url) for url in urls] == [
        "/docs/scalar.js?v=",
        "/docs/reference.js?v=",
    ]


def test_every_file_a_page_loads_is_there(script: Path) -> None:
    page = ReferencePage(DOCUMENT, script=script)
    for url in loaded(page).urls:
        name = url.removeprefix("/docs/").partition("?")[0]
        assert name in page.names
        found = page.file(name)
        assert found is not None
        assert found.content_type.startswith("text/javascript")
        assert dict(found.headers)["cache-control"] == "public, max-age=31536000, immutable"
    assert page.file("other.js") is None


def test_the_configuration_asks_no_other_host_and_may_be_changed(script: Path) -> None:
    page = ReferencePage(DOCUMENT, script=script, config={"theme": "</script>", "telemetry": True})
    configuration = json.loads(loaded(page).configuration)
    assert configuration["url"] == "/spec.json"
    assert configuration["servers"] == [{"url": "/"}]
    assert configuration["withDefaultFonts"] is False
    assert configuration["telemetry"] is True
    assert configuration["theme"] == "</script>"


def test_a_document_keeps_its_servers(script: Path) -> None:
    servers = [{"url": "https://hq.example/api"}, {"url": "/here"}, {"url": "https://{at}.example"}]
    page = ReferencePage({**DOCUMENT, "servers": servers}, script=script)
    assert "servers" not in json.loads(loaded(page).configuration)
    assert "connect-src 'self' https://hq.example;" in policy_of(page)


def test_the_policy_trusts_this_host_alone(script: Path) -> None:
    policy = policy_of(ReferencePage(DOCUMENT, script=script))
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_a_script_of_another_host_is_trusted_where_it_was_asked_for() -> None:
    page = ReferencePage(DOCUMENT, script="https://cdn.example/scalar@1/standalone.js")
    assert loaded(page).urls[0] == "https://cdn.example/scalar@1/standalone.js"
    assert "script-src 'self' https://cdn.example;" in policy_of(page)
    assert page.file("scalar.js") is None


def test_scripts_travel_compressed_to_those_who_take_it(script: Path) -> None:
    page = ReferencePage(DOCUMENT, script=script)
    packed, plain = page.file("scalar.js"), page.file("scalar.js", gzip=False)
    assert packed is not None
    assert plain is not None
    assert dict(packed.headers)["content-encoding"] == "gzip"
    assert dict(packed.headers)["vary"] == "accept-encoding"
    assert gzip.decompress(packed.body) == plain.body == SCRIPT


def test_a_script_may_be_compressed_already(tmp_path: Path) -> None:
    path = tmp_path / "scalar.js.gz"
    path.write_bytes(gzip.compress(SCRIPT))
    found = ReferencePage(DOCUMENT, script=path).file("scalar.js")
    assert found is not None
    assert found.body == path.read_bytes()


def test_a_bad_script_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no absolute URL"):
        ReferencePage(DOCUMENT, script="scalar.js")
    with pytest.raises(FileNotFoundError):
        ReferencePage(DOCUMENT, script=tmp_path / "missing.js")


def test_without_a_script_the_operations_are_listed(plain: ReferencePage) -> None:
    text = html_of(plain)
    assert "<title>HQ &lt;1&gt;</title>" in text
    assert "All &amp; everything" in text
    assert "One &lt;run&gt;" in text
    assert '<b class="get">GET</b> <code>/runs/{id}</code>' in text
    assert "<h2>runs</h2>" in text
    assert "<h2>Other operations</h2>" in text
    assert "<em>deprecated</em>" in text
    assert "<h3>Parameters</h3>" in text
    assert "default: Any other error" in text
    assert "<code>Run</code>" in text
    assert '<a href="/spec.json">' in text


def test_the_listing_runs_no_code(plain: ReferencePage) -> None:
    page = loaded(plain)
    (style, _document) = page.urls
    assert style.startswith("/docs/reference.css?v=")
    assert "script-src 'none'" in policy_of(plain)
    assert "unsafe-inline" not in policy_of(plain)
    found = plain.file("reference.css")
    assert found is not None
    assert found.content_type.startswith("text/css")


def test_a_page_may_have_a_title_of_its_own(plain: ReferencePage) -> None:
    assert "<title>Mine</title>" in html_of(ReferencePage(DOCUMENT, title="Mine"))


def test_a_document_is_made_once_for_each_server(script: Path) -> None:
    asked: list[str] = []

    def make(server: str) -> dict[str, Any]:
        asked.append(server)
        return {**DOCUMENT, "servers": [{"url": server}]}

    page = ReferencePage(make, script=script)
    assert json.loads(page.spec("https://a").body)["servers"] == [{"url": "https://a"}]
    page.spec("https://a")
    page.html(base="", spec_url="/spec.json", server="https://a")
    assert asked == ["https://a"]
    page.spec("https://b")
    assert asked == ["https://a", "https://b"]
