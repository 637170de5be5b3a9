"""Who is shut out is out everywhere: requests are refused, streams under way end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest
from tests.scenarios.kit import ADA, HQ, running_hq
from tests.scenarios.test_sessions import (
    BODY,
    OWN_PAGE,
    browser,
    call,
    cookie_of,
    signed_in,
    submit,
)

from rawr.composition import CallerClass
from rawr.host.identity import (
    AddUser,
    CreateToken,
    DisableUser,
    Grant,
    RevokeToken,
    ScryptHasher,
    mint_token,
)
from rawr.testing.asgi import ASGIClient, ASGIExchange

PASSWORD = "correct horse battery"
GRANT = Grant(
    tenant_id="acme",
    roles=tuple(ADA.roles),
    can_call_internal=True,
    can_trigger_workflows=True,
)
TRIGGER = "/api/workflows/invoicing/reconciliation/trigger"


def by_token(hq: HQ, token: str) -> ASGIClient:
    return ASGIClient(hq.host.app, headers={"authorization": f"Bearer {token}"})


async def minted(hq: HQ, *, seconds: int = 3600) -> tuple[str, str]:
    """A token of a third party, and its id."""
    token, digest = mint_token()
    command = CreateToken(
        digest=digest,
        subject="partner",
        caller=CallerClass.THIRD_PARTY,
        grant=GRANT,
        lifetime_seconds=seconds,
    )
    (line,) = (await hq.host.administration.execute(command, actor="test")).tokens
    return token, line.token_id


async def user_signed_in(hq: HQ) -> str:
    hashed = ScryptHasher(log_n=4, p=1).hash(PASSWORD)
    command = AddUser(name="lovelace", password_hash=hashed, grant=GRANT)
    await hq.host.administration.execute(command, actor="test")
    return cookie_of(await submit(hq, name="lovelace", password=PASSWORD))


@asynccontextmanager
async def watching(hq: HQ, client: ASGIClient) -> AsyncIterator[ASGIExchange]:
    """An open event stream of a run that nothing executes, its first event read."""
    run_id = await hq.registered()
    url = f"/api/workflows/invoicing/runs/{run_id}/events"
    async with client.stream("GET", url) as exchange:
        assert exchange.status == 200
        await exchange.chunk()
        yield exchange


ShutOut: TypeAlias = Callable[[HQ], Awaitable[tuple[ASGIClient, Callable[[], Awaitable[object]]]]]
"""Lets somebody in; gives their client, and what shuts them out."""


async def signs_out(hq: HQ) -> tuple[ASGIClient, Callable[[], Awaitable[object]]]:
    cookie = await signed_in(hq)
    client = browser(hq, cookie)
    headers = {"sec-fetch-site": "same-origin"}
    return client, lambda: client.request("POST", "/sign-out", headers=headers)


async def signs_in_again(hq: HQ) -> tuple[ASGIClient, Callable[[], Awaitable[object]]]:
    cookie = await signed_in(hq)
    return browser(hq, cookie), lambda: submit(hq, cookie, token="bob")


async def is_disabled(hq: HQ) -> tuple[ASGIClient, Callable[[], Awaitable[object]]]:
    cookie, command = await user_signed_in(hq), DisableUser(name="lovelace")
    return browser(hq, cookie), lambda: hq.host.administration.execute(command, actor="test")


async def is_revoked(hq: HQ) -> tuple[ASGIClient, Callable[[], Awaitable[object]]]:
    token, token_id = await minted(hq)
    command = RevokeToken(token_id=token_id)
    return by_token(hq, token), lambda: hq.host.administration.execute(command, actor="test")


@pytest.mark.parametrize("shut_out", [signs_out, signs_in_again, is_disabled, is_revoked])
async def test_open_streams_end_with_the_right_to_them(hq: HQ, shut_out: ShutOut) -> None:
    client, leave = await shut_out(hq)
    async with watching(hq, client) as theirs, watching(hq, hq.caller()) as others:
        await leave()
        with anyio.fail_after(5):
            await theirs.ended()
        assert (await client.request("GET", "/api/orpc/invoicing/processing/run-1")).status == 401
        others.disconnect()


async def test_a_stream_ends_with_the_expiry_of_its_token(hq: HQ) -> None:
    token, _ = await minted(hq, seconds=60)
    async with watching(hq, by_token(hq, token)) as stream:
        hq.clock.advance(60_000)
        with anyio.fail_after(5):
            await stream.ended()


async def test_an_open_stream_keeps_no_session_from_idling(hq: HQ) -> None:
    cookie = await signed_in(hq)
    async with watching(hq, browser(hq, cookie)) as stream:
        hq.clock.advance(2 * 3600 * 1000)
        with anyio.fail_after(5):
            await stream.ended()


async def test_a_restart_signs_nobody_out_and_lets_nobody_back_in(tmp_path: Path) -> None:
    async with running_hq(tmp_path) as hq:
        cookie, token_session = await user_signed_in(hq), await signed_in(hq)
        left = await signed_in(hq)
        await browser(hq, left).request("POST", "/sign-out", headers={"sec-fetch-site": "none"})
    async with running_hq(tmp_path) as hq:
        answers = [
            (await call(hq, TRIGGER, BODY, cookie=each, headers=OWN_PAGE)).status
            for each in (cookie, token_session, left)
        ]
        assert answers == [200, 200, 401]
        await hq.host.administration.execute(DisableUser(name="lovelace"), actor="test")
    async with running_hq(tmp_path) as hq:
        assert (await call(hq, TRIGGER, BODY, cookie=cookie, headers=OWN_PAGE)).status == 401


async def test_a_page_renews_the_cookie_after_an_hour(hq: HQ) -> None:
    cookie = await signed_in(hq)
    hq.clock.advance(3600 * 1000)
    page = await browser(hq, cookie).request("GET", "/")
    renewed = page.headers["set-cookie"].partition(";")[0]
    assert renewed != cookie
    assert (await call(hq, TRIGGER, BODY, cookie=renewed, headers=OWN_PAGE)).status == 200
    assert "set-cookie" not in (await browser(hq, renewed).request("GET", "/")).headers
