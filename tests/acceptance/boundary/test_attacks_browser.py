"""What an attacker tries at what only browsers use: websockets, plugin files, pages."""

import re
import socket

import httpx2
import pytest

from tests.acceptance.boundary.callers import Callers, bearer, signature
from tests.acceptance.boundary.wire import request, send
from tests.acceptance.boundary.world import SERVICE_TOKEN, World

pytestmark = pytest.mark.acceptance

UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}
WEB = "/rawr/plugins/web"


def handshake(world: World, path: str = "/rpc", **headers: str) -> int:
    """The status that asking for a websocket is answered with; 101 opens one."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = request(path.encode(), method=b"GET", headers={**UPGRADE, **named})
    url = httpx2.URL(world.base_url)
    with socket.create_connection((url.host, url.port or 80), timeout=10) as peer:
        peer.sendall(sent.replace(b"content-length: 0\r\n", b""))
        return int(peer.recv(4096).split(b" ", 2)[1])


def test_a_page_of_the_hq_and_a_service_open_websockets(world: World) -> None:
    assert handshake(world, cookie=world.cookie, origin="http://127.0.0.1") == 101
    assert handshake(world, **bearer(SERVICE_TOKEN)) == 101


@pytest.mark.parametrize(
    "origin", [None, "https://evil.test", "null", "https://127.0.0.1.evil.test", "http://127.0.0.2"]
)
def test_another_site_opens_no_websocket_with_a_session(world: World, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    assert handshake(world, cookie=world.cookie, **headers) == 403


def test_third_parties_and_strangers_open_no_websocket(world: World) -> None:
    assert handshake(world, **bearer(world.integrator)) == 403
    assert handshake(world) == 401
    assert handshake(world, f"/rpc?token={SERVICE_TOKEN}") == 401
    assert handshake(world, sec_websocket_protocol=f"bearer, {SERVICE_TOKEN}") == 401
    assert handshake(world, x_caller_surface="first-party") == 401


def test_the_engine_opens_no_websocket(world: World) -> None:
    (proof,) = signature(b"{}").values()
    assert handshake(world, x_inngest_signature=proof) == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/inngest",
        "/api/workflows",
        "/api/orpc",
        "/rpc/workflows",
        "/rpc/ws",
        "//rpc",
        "/RPC",
        "/rpc/",
        "/",
    ],
)
def test_websockets_open_at_rpc_alone(world: World, path: str) -> None:
    assert handshake(world, path, **bearer(SERVICE_TOKEN)) in (403, 404)


@pytest.mark.parametrize(
    "path",
    [
        b"/../package.json",
        b"/..%2fpackage.json",
        b"/%2e%2e/package.json",
        b"/../../../rawr_hq.py",
        b"/..%5c..%5crawr_hq.py",
        b"/%2fetc%2fpasswd",
        b"//etc/passwd",
        b"/index.js%00.css",
        b"/./index.js",
        b"/src/index.ts",
        b"/package.json",
        b"/node_modules/esbuild/package.json",
        b"/.npmrc",
        b"/dist/index.js",
        b"/%252e%252e/package.json",
    ],
)
def test_a_plugin_serves_what_was_built_and_no_other_file(world: World, path: bytes) -> None:
    target = f"{WEB}/invoicing".encode() + path
    answer = send(world.base_url, request(target, method=b"GET", headers=bearer(SERVICE_TOKEN)))
    assert answer.status in (400, 404)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "%3Cscript%3Ealert(1)%3C/script%3E", '"onload="x', "a\tb"]
)
def test_what_is_not_there_is_not_echoed_as_markup(world: World, name: str) -> None:
    for path in (f"{WEB}/{name}", f"{WEB}/{name}/", f"/{name}", f"/sign-in?ticket={name}"):
        answer = send(world.base_url, request(path.encode(), method=b"GET"))
        assert b"<script>alert" not in answer.raw
        assert b'"onload=' not in answer.raw


async def test_pages_run_no_strangers_script_and_sit_in_no_frame(callers: Callers) -> None:
    for path in ("/", f"{WEB}/invoicing/", "/api/orpc/reference"):
        page = await callers.page.fetch("GET", path)
        assert page.headers["content-type"].startswith("text/html"), path
        policy = page.headers["content-security-policy"]
        assert re.search(r"default-src '(none|self)'", policy), policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert not re.search(r"script-src [^;]*'unsafe-inline'", policy)
        assert page.headers["x-content-type-options"] == "nosniff"


async def test_nothing_is_shared_with_other_origins(callers: Callers) -> None:
    for path in ("/rpc/invoicing/api/startInvoiceProcessing", "/api/workflows/invoicing/x", "/"):
        for method in ("GET", "OPTIONS", "POST"):
            told = await callers.foreign_page.fetch(method, path)
            assert not [name for name in told.headers if name.startswith("access-control-")]


async def test_a_session_cookie_is_out_of_reach_of_scripts_and_sites(world: World) -> None:
    form = f"token={SERVICE_TOKEN}".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = send(world.base_url, request(b"/sign-in", form, headers=headers))
    (cookie,) = re.findall(rb"set-cookie: (.*)\r\n", answer.raw)
    named, *attributes = cookie.decode().split("; ")
    assert named.startswith("__Host-")
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= {*attributes}
    assert not [attribute for attribute in attributes if attribute.startswith("Domain")]
