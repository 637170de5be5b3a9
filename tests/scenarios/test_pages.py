"""The landing page: what a visitor sees, and what only the signed-in developer sees."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.scenarios.kit import ADA, HQ, PEOPLE, settings_for

from rawr.host import TokenIdentity, boot
from rawr.testing.asgi import ASGIClient, ASGIResponse
from rawr_hq import manifest

FORM = {"content-type": "application/x-www-form-urlencoded"}


def browser(hq: HQ, cookie: str | None = None) -> ASGIClient:
    headers = {"host": "127.0.0.1:3000"} | ({"cookie": cookie} if cookie else {})
    return ASGIClient(hq.host.app, headers=headers)


async def sign_in(hq: HQ, token: str, **headers: str) -> ASGIResponse:
    body = urlencode({"token": token}).encode()
    sent = {**FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await browser(hq).request("POST", "/sign-in", headers=sent, body=body)


async def signed_in(hq: HQ, token: str = "ada") -> str:
    """The cookie of somebody who has signed in."""
    response = await sign_in(hq, token)
    assert (response.status, response.headers["location"]) == (303, "/")
    return response.headers["set-cookie"].partition(";")[0]


async def landing(hq: HQ, cookie: str | None = None) -> str:
    response = await browser(hq, cookie).request("GET", "/")
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


async def test_everybody_sees_the_route_families_and_the_document(hq: HQ) -> None:
    page = await landing(hq)
    for said in ("/api/inngest", "/api/workflows/*", "/rpc", "/api/orpc/*"):
        assert f"<code>{said}</code>" in page
    assert 'href="/api/orpc/openapi.json"' in page
    assert "first parties only" in page


async def test_a_visitor_sees_no_run_and_is_asked_to_sign_in(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    page = await landing(hq)
    assert run_id not in page
    assert 'action="/sign-in"' in page


async def test_the_developer_sees_the_latest_runs_with_their_status(hq: HQ) -> None:
    cookie = await signed_in(hq)
    assert "No runs yet." in await landing(hq, cookie)
    done = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    async with hq.nothing_sent():
        waiting = await hq.accepted(invoiceId="inv-2")
        page = await landing(hq, cookie)
    timeline = r'<a href="(/api/workflows/invoicing/runs/(\w+)/timeline)">'
    rows = re.findall(timeline + r'.*?<span class="status (\w+)">', page)
    assert [row[1:] for row in rows] == [(waiting, "queued"), (done, "completed")]
    assert (await hq.caller().request("GET", rows[1][0])).json()["runId"] == done
    assert 'action="/sign-out"' in page
    assert 'action="/sign-in"' not in page


async def test_the_developer_sees_the_runs_of_the_own_tenant_only(hq: HQ) -> None:
    run_id = await hq.accepted("bob", invoiceId="inv-1")
    assert run_id not in await landing(hq, await signed_in(hq, "ada"))
    assert run_id in await landing(hq, await signed_in(hq, "bob"))


async def test_what_is_shown_depends_on_roles(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    page = await landing(hq, await signed_in(hq, "reader"))
    assert run_id in page
    assert "Signed in as reader of tenant acme, roles: finance:read." in page
    page = await landing(hq, await signed_in(hq, "nobody"))
    assert run_id not in page
    assert "Your roles do not let you see runs." in page
    assert "Signed in as nobody of tenant acme, roles: none." in page


async def test_who_is_signed_in_sees_who_executes_functions(hq: HQ) -> None:
    said = "Durable functions are executed by the engine inside."
    assert said in await landing(hq, await signed_in(hq))
    assert "executed by" not in await landing(hq)


async def test_a_token_is_no_session(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    response = await hq.caller().request("GET", "/")
    assert run_id not in response.text


@pytest.mark.parametrize("cookie", ["rawr_session=", "rawr_session=guess", "rawr_session=ada", "="])
async def test_a_made_up_cookie_is_no_session(hq: HQ, cookie: str) -> None:
    assert 'action="/sign-in"' in await landing(hq, cookie)


@pytest.mark.parametrize("token", ["wrong", "", " ", "ada\x00", "x" * 5000])
async def test_a_wrong_token_signs_nobody_in(hq: HQ, token: str) -> None:
    response = await sign_in(hq, token)
    assert response.status == 401
    assert "set-cookie" not in response.headers
    assert '<p role="alert" class="notice">That token is not valid.</p>' in response.text


async def test_who_signs_in_for_a_web_plugin_is_led_to_it(hq: HQ) -> None:
    page = (await browser(hq).request("GET", "/?to=invoicing")).text
    assert "Sign in to use Invoicing." in page
    assert page.count('<input type="hidden" name="to" value="invoicing">') == 2

    async def posted(**fields: str) -> ASGIResponse:
        body = urlencode(fields).encode()
        return await browser(hq).request("POST", "/sign-in", headers=FORM, body=body)

    refused = await posted(token="wrong", to="invoicing")
    assert 'name="to" value="invoicing"' in refused.text
    done = await posted(token="ada", to="invoicing")
    assert done.headers["location"] == "/rawr/plugins/web/invoicing/"


@pytest.mark.parametrize("to", ["", "other", "//evil.test", "https://evil.test/", "../invoicing"])
async def test_signing_in_leads_nowhere_else(hq: HQ, to: str) -> None:
    page = (await browser(hq).request("GET", "/?" + urlencode({"to": to}))).text
    assert 'name="to"' not in page
    body = urlencode({"token": "ada", "to": to}).encode()
    done = await browser(hq).request("POST", "/sign-in", headers=FORM, body=body)
    assert (done.status, done.headers["location"]) == (303, "/")


@pytest.mark.parametrize("body", [b"", b"token", b"other=ada", b"\xff\xfe", b'{"token":"ada"}'])
async def test_a_form_without_a_token_signs_nobody_in(hq: HQ, body: bytes) -> None:
    response = await browser(hq).request("POST", "/sign-in", headers=FORM, body=body)
    assert (response.status, "set-cookie" in response.headers) == (401, False)


async def test_third_parties_have_nothing_to_sign_in_to(hq: HQ) -> None:
    response = await sign_in(hq, "partner")
    assert (response.status, "set-cookie" in response.headers) == (401, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:3001"},
    ],
)
async def test_another_site_can_neither_sign_in_nor_out(hq: HQ, headers: dict[str, str]) -> None:
    response = await sign_in(hq, "ada", **headers)
    assert (response.status, "set-cookie" in response.headers) == (403, False)

    cookie = await signed_in(hq)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await browser(hq, cookie).request("POST", "/sign-out", headers=sent)
    assert (response.status, "set-cookie" in response.headers) == (403, False)
    assert 'action="/sign-out"' in await landing(hq, cookie)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin", "origin": "http://127.0.0.1:3000"},
        {"sec_fetch_site": "none"},
        {"origin": "http://127.0.0.1:3000"},
        {},
    ],
)
async def test_the_page_itself_can_sign_in(hq: HQ, headers: dict[str, str]) -> None:
    assert (await sign_in(hq, "ada", **headers)).status == 303


async def test_the_session_cookie_is_for_this_site_and_no_script(hq: HQ) -> None:
    cookie = (await sign_in(hq, "ada")).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "ada" not in cookie


async def test_signing_out_ends_the_session(hq: HQ) -> None:
    cookie = await signed_in(hq)
    response = await browser(hq, cookie).request("POST", "/sign-out")
    assert (response.status, response.headers["location"]) == (303, "/")
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert 'action="/sign-in"' in await landing(hq, cookie)


async def test_pages_carry_a_strict_policy(hq: HQ) -> None:
    for response in (await browser(hq).request("GET", "/"), await sign_in(hq, "wrong")):
        policy = dict(
            directive.strip().split(" ", 1)
            for directive in response.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["form-action"] == "'self'"
        assert policy["base-uri"] == "'none'"
        assert "script-src" not in policy
        assert "unsafe" not in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"


async def test_the_page_uses_what_its_policy_allows(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    page = await landing(hq, await signed_in(hq))
    assert run_id in page
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|https?://", page)
    response = await browser(hq).request("GET", "/landing.css")
    assert (response.status, response.headers["content-type"]) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/", "GET"),
        ("POST", "/health", "GET"),
        ("DELETE", "/ready", "GET"),
        ("PUT", "/sign-in", "GET, POST"),
        ("GET", "/sign-out", "POST"),
    ],
)
async def test_another_method_is_told_the_right_one(
    hq: HQ, method: str, path: str, allow: str
) -> None:
    response = await browser(hq).request(method, path)
    assert (response.status, response.headers["allow"]) == (405, allow)


class Tags(HTMLParser):
    """The tags of a page; unbalanced ones are refused."""

    VOID = frozenset({"meta", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


HOSTILE = replace(ADA, subject='<b>"x"</b>&$notice', tenant_id="<img src=x onerror=alert(1)>")


@pytest.fixture
async def hostile(tmp_path: Path) -> AsyncIterator[HQ]:
    """An HQ whose developer is called what an attacker would like to be called."""
    identity = TokenIdentity.of({**PEOPLE, "hostile": HOSTILE})
    async with boot(manifest, settings_for(tmp_path), identity=identity) as host:
        yield HQ(host, clock=None, ports=[])  # type: ignore[arg-type]  # this host runs on real time


async def test_names_are_shown_as_text(hostile: HQ) -> None:
    cookie = await signed_in(hostile, "hostile")
    await hostile.registered("hostile")
    page = await landing(hostile, cookie)
    assert "&lt;b&gt;&quot;x&quot;&lt;/b&gt;&amp;$notice" in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.seen & {"b", "img", "script"}
