"""What browsers get under `/rawr/plugins/web`."""

import gzip
import html
import json
import re
from pathlib import Path

import pytest

from rawr.composition import CallerClass, Principal, define_web_surface
from rawr.host._mounts import MountTable
from rawr.host._web_assets import PluginFiles
from rawr.host._web_plugins import WEB_POLICY, WebPlugins
from rawr.testing.asgi import ASGIClient, ASGIResponse

ROOT = "/rawr/plugins/web"
ADA = Principal(
    subject="ada<script>",
    tenant_id="acme",
    caller=CallerClass.FIRST_PARTY,
    roles=frozenset({"shop:write", "shop:read"}),
)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    directory = tmp_path / "dist"
    directory.mkdir()
    (directory / "index.js").write_text("export function mount() {}\n" + "// more\n" * 500)
    (directory / "index.css").write_text("h2{}")
    (tmp_path / "secret.txt").write_text("secret")
    return directory


async def ask(
    dist: Path,
    path: str,
    principal: Principal | None = ADA,
    method: str = "GET",
    **headers: str,
) -> ASGIResponse:
    surface = define_web_surface(title="Shop & more", directory=dist)
    web = WebPlugins(
        hq="Acme & Co",
        plugins={"shop": PluginFiles("shop", surface, dist.parent, is_live=True)},
        signed_in=lambda _scope: principal,
        new_id=lambda: "id-1",
    )
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await ASGIClient(MountTable((web.mount(),))).request(method, path, headers=sent)


async def test_a_signed_in_first_party_gets_the_page(dist: Path) -> None:
    response = await ask(dist, f"{ROOT}/shop/")
    assert response.status == 200
    assert response.headers["content-security-policy"] == WEB_POLICY
    assert response.headers["cache-control"] == "no-store"
    assert "<h1>Shop &amp; more</h1>" in response.text
    assert "<script>" not in response.text
    assert 'href="index.css?v=' in response.text


@pytest.mark.parametrize("principal", [ADA, None])
async def test_pages_have_the_name_of_the_hq(dist: Path, principal: Principal | None) -> None:
    page = (await ask(dist, f"{ROOT}/shop/", principal)).text
    assert "<title>Shop &amp; more - Acme &amp; Co</title>" in page
    assert '<a href="/">Acme &amp; Co</a>' in page


async def test_who_is_signed_out_is_led_to_sign_in_and_back(dist: Path) -> None:
    response = await ask(dist, f"{ROOT}/shop/", None)
    assert response.status == 401
    assert '<a href="/?to=shop#sign-in">Sign in</a>' in response.text


async def test_the_page_tells_the_plugin_who_is_there(dist: Path) -> None:
    page = (await ask(dist, f"{ROOT}/shop/")).text
    given = re.search(r'data-context="([^"]*)"', page)
    assert given is not None
    assert json.loads(html.unescape(given[1])) == {
        "capability": "shop",
        "correlationId": "id-1",
        "tenantId": "acme",
        "subject": "ada<script>",
        "roles": ["shop:read", "shop:write"],
    }


async def test_what_the_page_refers_to_is_there_for_ever(dist: Path) -> None:
    page = (await ask(dist, f"{ROOT}/shop/")).text
    for name in ("index.js", "index.css"):
        found = re.search(rf'"({name}\?v=\w+)"', page)
        assert found is not None
        response = await ask(dist, f"{ROOT}/shop/{found[1]}", None)
        assert response.status == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_the_script_of_the_host_is_there(dist: Path) -> None:
    page = (await ask(dist, f"{ROOT}/shop/")).text
    found = re.search(r'src="([^"]*mount\.js[^"]*)"', page)
    assert found is not None
    response = await ask(dist, found[1], None)
    assert response.status == 200
    assert "immutable" in response.headers["cache-control"]


async def test_the_entry_is_loaded_with_its_integrity(dist: Path) -> None:
    page = (await ask(dist, f"{ROOT}/shop/")).text
    assert re.search(r'rel="modulepreload" href="index\.js\?v=\w+" integrity="sha256-', page)


@pytest.mark.parametrize(
    ("principal", "status", "words"),
    [
        (None, 401, "Sign in"),
        (Principal(subject="p", tenant_id="t", caller=CallerClass.THIRD_PARTY), 403, "people"),
    ],
)
async def test_the_page_is_for_signed_in_first_parties(
    dist: Path, principal: Principal | None, status: int, words: str
) -> None:
    response = await ask(dist, f"{ROOT}/shop/", principal)
    assert response.status == status
    assert 'role="alert"' in response.text
    assert words in response.text
    assert "data-context" not in response.text


async def test_a_file_without_its_version_is_asked_about_again(dist: Path) -> None:
    first = await ask(dist, f"{ROOT}/shop/index.js")
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["x-content-type-options"] == "nosniff"
    again = await ask(dist, f"{ROOT}/shop/index.js", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")


async def test_a_changed_file_has_another_tag(dist: Path) -> None:
    first = await ask(dist, f"{ROOT}/shop/index.js")
    (dist / "index.js").write_text("export const mount = 1")
    second = await ask(dist, f"{ROOT}/shop/index.js", if_none_match=first.headers["etag"])
    assert second.status == 200
    assert second.headers["etag"] != first.headers["etag"]


async def test_an_old_version_is_not_kept_for_ever(dist: Path) -> None:
    response = await ask(dist, f"{ROOT}/shop/index.js?v=0123456789abcdef")
    assert response.headers["cache-control"] == "no-cache"


async def test_long_texts_are_compressed_for_those_who_ask(dist: Path) -> None:
    plain = await ask(dist, f"{ROOT}/shop/index.js")
    packed = await ask(dist, f"{ROOT}/shop/index.js", accept_encoding="br, gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "accept-encoding"
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "./index.js",
        "/index.js",
        "//etc/passwd",
        "index.js/",
        "index.js%00.css",
        "INDEX.JS",
        "..\\secret.txt",
        "missing.js",
    ],
)
async def test_nothing_but_the_built_files_is_served(dist: Path, path: str) -> None:
    response = await ask(dist, f"{ROOT}/shop/{path}")
    assert response.status == 404
    assert "secret" not in response.text.replace("secret.txt", "")


@pytest.mark.parametrize("path", ["", "/", "/other", "/other/", "/other/index.js", "/mount.js/"])
async def test_an_unknown_plugin_is_a_clear_404(dist: Path, path: str) -> None:
    response = await ask(dist, f"{ROOT}{path}")
    assert response.status == 404
    assert "There is no web plugin" in response.text


async def test_the_name_of_an_unknown_plugin_is_escaped(dist: Path) -> None:
    assert "<b>" not in (await ask(dist, f"{ROOT}/<b>/")).text


async def test_a_page_without_its_slash_is_redirected(dist: Path) -> None:
    response = await ask(dist, f"{ROOT}/shop")
    assert (response.status, response.headers["location"]) == (307, f"{ROOT}/shop/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_files_are_only_read(dist: Path, method: str) -> None:
    response = await ask(dist, f"{ROOT}/shop/index.js", method=method)
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")


async def test_what_is_not_built_says_so_on_its_page(dist: Path) -> None:
    (dist / "index.js").unlink()
    response = await ask(dist, f"{ROOT}/shop/")
    assert response.status == 503
    assert "rawr web build" in response.text
