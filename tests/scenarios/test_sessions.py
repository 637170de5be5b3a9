"""Browsers on the caller families: what a session cookie opens, and what never opens."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.scenarios.kit import ADA, HQ, RPC_TRIGGER, START, TRIGGER, fields, running_hq

from rawr.host.identity import AddUser, Grant, ScryptHasher
from rawr.testing.asgi import ASGIClient, ASGIResponse

ORIGIN = "http://127.0.0.1:3000"
FORM = {"content-type": "application/x-www-form-urlencoded"}
BODY, RPC_BODY = b'{"invoiceId":"inv-1"}', b'{"json":{"invoiceId":"inv-1"}}'
OWN_PAGE = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "x-csrf-token": "orpc"}
UNSAFE = [(TRIGGER, BODY), (RPC_TRIGGER, RPC_BODY), (START, BODY)]
PASSWORD = "correct horse battery"


def browser(hq: HQ, cookie: str | None = None) -> ASGIClient:
    headers = {"host": "127.0.0.1:3000", "content-type": "application/json"}
    return ASGIClient(hq.host.app, headers=headers | ({"cookie": cookie} if cookie else {}))


async def submit(hq: HQ, cookie: str | None = None, **form: str) -> ASGIResponse:
    body = urlencode(form).encode()
    return await browser(hq, cookie).request("POST", "/sign-in", headers=FORM, body=body)


def cookie_of(response: ASGIResponse) -> str:
    assert response.status == 303, response.text
    return response.headers["set-cookie"].partition(";")[0]


async def signed_in(hq: HQ, who: str = "ada") -> str:
    return cookie_of(await submit(hq, token=who))


async def call(
    hq: HQ, path: str, body: bytes, *, cookie: str | None, headers: Mapping[str, str]
) -> ASGIResponse:
    return await browser(hq, cookie).request("POST", path, headers=headers, body=body)


def code(response: ASGIResponse) -> tuple[int, str]:
    body = fields(response)
    return response.status, body.get("json", body)["code"]


@pytest.mark.parametrize(("path", "body"), UNSAFE)
async def test_a_signed_in_page_may_call(hq: HQ, path: str, body: bytes) -> None:
    cookie = await signed_in(hq)
    assert (await call(hq, path, body, cookie=cookie, headers=OWN_PAGE)).status == 200


@pytest.mark.parametrize(("path", "body"), UNSAFE)
async def test_without_credentials_the_same_call_is_refused(hq: HQ, path: str, body: bytes) -> None:
    response = await call(hq, path, body, cookie=None, headers=OWN_PAGE)
    assert code(response) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(("path", "body"), UNSAFE)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": ORIGIN},
        {"x-csrf-token": "orpc"},
        {**OWN_PAGE, "x-csrf-token": "guess"},
        {**OWN_PAGE, "origin": "https://evil.test"},
        {**OWN_PAGE, "sec-fetch-site": "cross-site"},
        {**OWN_PAGE, "sec-fetch-site": "same-site"},
        {"origin": "null", "x-csrf-token": "orpc"},
        {"origin": "https://evil.test", "x-csrf-token": "orpc", "x-forwarded-host": "evil.test"},
    ],
)
async def test_another_site_cannot_use_the_session(
    hq: HQ, path: str, body: bytes, headers: dict[str, str]
) -> None:
    cookie = await signed_in(hq)
    response = await call(hq, path, body, cookie=cookie, headers=headers)
    assert code(response) == (403, "CSRF_TOKEN_MISMATCH")
    await hq.settle()
    assert await hq.host.engine.list_events() == []


@pytest.mark.parametrize(
    ("site", "status"),
    [(None, 200), ("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)],
)
async def test_reading_is_for_the_own_site(hq: HQ, site: str | None, status: int) -> None:
    run_id, cookie = await hq.accepted(invoiceId="inv-1"), await signed_in(hq)
    headers = {} if site is None else {"sec-fetch-site": site}
    path = f"/api/workflows/invoicing/runs/{run_id}"
    assert (await browser(hq, cookie).request("GET", path, headers=headers)).status == status


async def test_a_bearer_token_needs_no_csrf_header(hq: HQ) -> None:
    response = await hq.caller().request(
        "POST", TRIGGER, headers={"origin": "https://elsewhere.test"}, body=BODY
    )
    assert response.status == 200


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "api_key", "ticket"])
@pytest.mark.parametrize(("path", "body"), UNSAFE)
async def test_a_token_in_the_query_proves_nobody(
    hq: HQ, path: str, body: bytes, name: str
) -> None:
    response = await browser(hq).request("POST", f"{path}?{name}=ada", body=body)
    assert code(response) == (401, "UNAUTHORIZED")


async def test_a_session_does_not_cross_tenants(hq: HQ) -> None:
    run_id, cookie = await hq.accepted("bob", invoiceId="inv-1"), await signed_in(hq, "ada")
    response = await browser(hq, cookie).request("GET", f"/api/workflows/invoicing/runs/{run_id}")
    assert code(response) == (404, "RUN_NOT_FOUND")


async def test_neither_cookie_nor_token_opens_the_ingress(hq: HQ) -> None:
    cookie = await signed_in(hq)
    for headers in (
        {**OWN_PAGE, "cookie": cookie},
        {"authorization": "Bearer service"},
        {"x-caller-surface": "runtime-ingress", "authorization": "Bearer ada"},
    ):
        for method in ("GET", "PUT", "POST"):
            response = await browser(hq).request(method, "/api/inngest", headers=headers)
            assert (response.status, response.text) == (403, "forbidden")


@pytest.mark.parametrize(("path", "body"), UNSAFE)
async def test_the_engines_signature_opens_no_caller_family(hq: HQ, path: str, body: bytes) -> None:
    headers = {"x-inngest-signature": "t=1&s=00", "x-inngest-server-kind": "dev"}
    assert code(await call(hq, path, body, cookie=None, headers=headers)) == (401, "UNAUTHORIZED")


async def test_signing_out_closes_the_families(hq: HQ) -> None:
    cookie = await signed_in(hq)
    headers = {"sec-fetch-site": "same-origin"}
    assert (await browser(hq, cookie).request("POST", "/sign-out", headers=headers)).status == 303
    response = await call(hq, TRIGGER, BODY, cookie=cookie, headers=OWN_PAGE)
    assert code(response) == (401, "UNAUTHORIZED")


async def test_signing_in_again_rotates_the_session(hq: HQ) -> None:
    first = await signed_in(hq)
    second = cookie_of(await submit(hq, first, token="ada"))
    assert first != second
    statuses = [
        (await call(hq, TRIGGER, BODY, cookie=cookie, headers=OWN_PAGE)).status
        for cookie in (first, second)
    ]
    assert statuses == [401, 200]


async def test_a_session_chosen_by_somebody_else_is_never_taken(hq: HQ) -> None:
    planted = "rawr_session=planted-by-an-attacker"
    assert cookie_of(await submit(hq, planted, token="ada")) != planted
    response = await call(hq, TRIGGER, BODY, cookie=planted, headers=OWN_PAGE)
    assert response.status == 401


async def test_a_session_idles_out(hq: HQ) -> None:
    cookie = await signed_in(hq)
    hq.clock.advance(2 * 3600 * 1000)
    response = await call(hq, TRIGGER, BODY, cookie=cookie, headers=OWN_PAGE)
    assert code(response) == (401, "UNAUTHORIZED")


@pytest.fixture
async def with_user(hq: HQ) -> HQ:
    grant = Grant(
        tenant_id="acme",
        roles=tuple(ADA.roles),
        can_call_internal=True,
        can_trigger_workflows=True,
    )
    hashed = ScryptHasher(log_n=4, p=1).hash(PASSWORD)
    command = AddUser(name="lovelace", password_hash=hashed, grant=grant)
    await hq.host.administration.execute(command, actor="test")
    return hq


async def test_a_user_signs_in_with_a_password(with_user: HQ) -> None:
    cookie = cookie_of(await submit(with_user, name="lovelace", password=PASSWORD))
    response = await call(with_user, TRIGGER, BODY, cookie=cookie, headers=OWN_PAGE)
    run = await with_user.runs.get(fields(response)["runId"], tenant_id="acme")
    assert run.requested_by == "lovelace"


async def test_refusals_do_not_tell_who_exists(with_user: HQ) -> None:
    wrong = await submit(with_user, name="lovelace", password="wrong horse battery")
    unknown = await submit(with_user, name="nobody", password=PASSWORD)
    assert (wrong.status, wrong.text) == (unknown.status, unknown.text)
    assert wrong.status == 401
    assert dict(wrong.headers) == dict(unknown.headers)


async def test_guessing_is_slowed_down(with_user: HQ) -> None:
    for _ in range(10):
        await submit(with_user, name="lovelace", password="wrong horse battery")
    response = await submit(with_user, name="lovelace", password=PASSWORD)
    assert (response.status, response.headers["retry-after"]) == (429, "6")
    assert "set-cookie" not in response.headers
    with_user.clock.advance(6000)
    assert (await submit(with_user, name="lovelace", password=PASSWORD)).status == 303


async def test_a_one_time_link_signs_in_once(hq: HQ) -> None:
    path = f"/sign-in?ticket={hq.host.new_ticket()}"
    prefetched = await browser(hq).request("GET", path, headers={"sec-fetch-site": "cross-site"})
    assert prefetched.status == 403
    first = await browser(hq).request("GET", path, headers={"sec-fetch-site": "none"})
    assert cookie_of(first)
    assert (first.headers["location"], first.headers["referrer-policy"]) == ("/", "no-referrer")
    assert (await browser(hq).request("GET", path)).status == 401


async def test_a_link_expires(hq: HQ) -> None:
    path = f"/sign-in?ticket={hq.host.new_ticket()}"
    hq.clock.advance(600_000)
    assert (await browser(hq).request("GET", path)).status == 401


LIMITED: dict[str, Any] = {"rate_limit": 2}


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[HQ]:
    async with running_hq(tmp_path, **LIMITED) as hq:
        yield hq


async def test_each_principal_has_a_rate_of_its_own(limited: HQ) -> None:
    answers = [await limited.trigger("ada", invoiceId=f"inv-{n}") for n in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert code(refused) == (429, "TOO_MANY_REQUESTS")
    assert refused.headers["retry-after"] == "30"
    assert (await limited.trigger("bob", invoiceId="inv-1")).status == 200
    over_rpc = await limited.caller("ada").request("POST", RPC_TRIGGER, body=RPC_BODY)
    assert (over_rpc.status, over_rpc.headers["retry-after"]) == (429, "30")
    limited.clock.advance(30_000)
    assert (await limited.trigger("ada", invoiceId="inv-9")).status == 200


async def test_decisions_are_audited_without_secrets(
    hq: HQ, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="rawr.audit")
    await submit(hq, token="wrong-secret")
    cookie = await signed_in(hq)
    await call(hq, TRIGGER, BODY, cookie=cookie, headers={})
    await hq.caller("partner").request("POST", RPC_TRIGGER, body=RPC_BODY)
    await hq.caller("wrong-secret").request("POST", TRIGGER, body=BODY)
    lines = [record for record in caplog.records if record.name == "rawr.audit"]
    assert [(vars(line)["action"], vars(line)["facts"].get("reason")) for line in lines] == [
        ("sign-in.refused", None),
        ("sign-in", None),
        ("request.refused", "cross-site"),
        ("request.refused", "caller class"),
        ("request.refused", "not valid"),
    ]
    assert vars(lines[3])["facts"]["subject"] == "partner"
    text = "\n".join(line.getMessage() for line in lines)
    assert "wrong-secret" not in text
    assert cookie.partition("=")[2] not in text
