"""Every security decision leaves a line, with who and where and never a secret."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.scenarios.kit import HQ, RPC_TRIGGER, TRIGGER
from tests.scenarios.test_revocation import by_token, minted, user_signed_in, watching
from tests.scenarios.test_sessions import BODY, RPC_BODY, browser, signed_in, submit

from rawr.host.identity import DisableUser, RevokeToken

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """The audit log, as far as it is written: each line's action and facts."""
    caplog.set_level("INFO", logger="rawr.audit")

    def read() -> list[dict[str, Any]]:
        records = (vars(record) for record in caplog.records if record.name == "rawr.audit")
        return [{"action": record["action"], **record["facts"]} for record in records]

    return read


async def test_who_signs_in_or_fails_to(hq: HQ, lines: Lines) -> None:
    await user_signed_in(hq)
    await submit(hq, name="lovelace", password="wrong horse battery")
    await submit(hq, token="wrong")
    await signed_in(hq)
    told = [(line["action"], line.get("by"), line.get("subject")) for line in lines()]
    assert told == [
        ("user.added", None, None),
        ("sign-in", "password", "lovelace"),
        ("sign-in.refused", "password", None),
        ("sign-in.refused", "token", None),
        ("sign-in", "token", "ada"),
    ]
    assert "horse" not in str(lines())
    assert "wrong" not in str(lines())


async def test_who_signs_out(hq: HQ, lines: Lines) -> None:
    cookie = await signed_in(hq)
    await browser(hq, cookie).request("POST", "/sign-out", headers={"sec-fetch-site": "none"})
    assert lines()[-1] == {"action": "sign-out", "subject": "ada", "tenant": "acme"}


async def test_what_operators_do(hq: HQ, lines: Lines) -> None:
    token, token_id = await minted(hq)
    administration = hq.host.administration
    await administration.execute(RevokeToken(token_id=token_id), actor="uid 1000")
    await user_signed_in(hq)
    await administration.execute(DisableUser(name="lovelace"), actor="uid 1000")
    told = [line["action"] for line in lines()]
    assert told == ["token.created", "token.revoked", "user.added", "sign-in", "user.disabled"]
    assert lines()[1] == {
        "action": "token.revoked",
        "actor": "uid 1000",
        "token_id": token_id,
        "subject": "partner",
    }
    assert token not in str(lines())


async def test_who_is_refused_and_why(hq: HQ, lines: Lines) -> None:
    cookie = await signed_in(hq)
    await hq.caller(None).request("POST", TRIGGER, body=BODY)
    await hq.caller("mallory").request("POST", TRIGGER, body=BODY)
    await hq.caller("partner").request("POST", RPC_TRIGGER, body=RPC_BODY)
    await browser(hq, cookie).request("POST", TRIGGER, body=BODY)
    told = [(line["action"], line["reason"], line.get("subject")) for line in lines()[1:]]
    assert told == [
        ("request.refused", "no credentials", None),
        ("request.refused", "not valid", None),
        ("request.refused", "caller class", "partner"),
        ("request.refused", "cross-site", None),
    ]


@pytest.mark.parametrize(("path", "body"), [(TRIGGER, BODY), (RPC_TRIGGER, RPC_BODY)])
async def test_who_asks_for_what_a_procedure_does_not_give_them(
    hq: HQ, lines: Lines, path: str, body: bytes
) -> None:
    response = await hq.caller("watcher").request("POST", path, body=body)
    assert response.status == 403
    assert lines() == [
        {
            "action": "request.forbidden",
            "method": "POST",
            "path": path,
            "subject": "watcher",
            "tenant": "acme",
        }
    ]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_who_calls_the_ingress_unsigned(hq: HQ, lines: Lines, method: str) -> None:
    caller = hq.caller(address="203.0.113.9", **{"x-inngest-signature": "t=1&s=00"})
    assert (await caller.request(method, "/api/inngest", body=b"{}")).status == 403
    assert lines() == [
        {
            "action": "ingress.refused",
            "method": method,
            "path": "/api/inngest",
            "address": "203.0.113.9",
        }
    ]


async def test_whose_streams_are_ended(hq: HQ, lines: Lines) -> None:
    token, token_id = await minted(hq)
    async with watching(hq, by_token(hq, token)) as stream:
        await hq.host.administration.execute(RevokeToken(token_id=token_id), actor="test")
        await stream.ended()
    assert lines()[-1]["action"] == "stream.ended"
    assert lines()[-1]["subject"] == "partner"


async def test_what_is_granted_leaves_no_line(hq: HQ, lines: Lines) -> None:
    assert (await hq.trigger(invoiceId="inv-1")).status == 200
    assert lines() == []
