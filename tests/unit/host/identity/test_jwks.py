"""The issuer's keys: loaded when needed, never more often than that, never from elsewhere."""

from pathlib import Path

import httpx2
import msgspec
import pytest
from tests.unit.host.identity.kit import EC, RSA, Seconds, Source, key_set

from rawr.host.identity._jwks import IssuerKeys, KeysUnavailable, from_file, from_url, parse_keys

URL = "https://id.example/jwks.json"


async def test_keys_are_loaded_once_for_ten_minutes() -> None:
    source, now = Source(RSA), Seconds()
    keys = IssuerKeys(source, now)
    for _ in range(3):
        await keys.find("rsa-1")
    assert source.loads == 1
    now.now += 600
    await keys.find("rsa-1")
    assert source.loads == 2


async def test_a_new_key_is_found_at_once() -> None:
    source, now = Source(RSA), Seconds()
    keys = IssuerKeys(source, now)
    await keys.find("rsa-1")
    source.keys = (RSA, EC)
    now.now += 31
    assert len((await keys.find("ec-1")).keys) == 2


async def test_made_up_key_names_cause_no_flood() -> None:
    source = Source(RSA)
    keys = IssuerKeys(source, Seconds())
    for number in range(20):
        await keys.find(f"guess-{number}")
    assert source.loads == 1


async def test_keys_outlive_an_outage_for_a_day() -> None:
    source, now = Source(RSA), Seconds()
    keys = IssuerKeys(source, now)
    await keys.find("rsa-1")
    source.is_down = True
    now.now += 23 * 3600
    await keys.find("rsa-1")
    now.now += 3600 + 60
    with pytest.raises(KeysUnavailable):
        await keys.find("rsa-1")


async def test_without_keys_nobody_is_known() -> None:
    source = Source(RSA)
    source.is_down = True
    with pytest.raises(KeysUnavailable):
        await IssuerKeys(source, Seconds()).find("rsa-1")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"keys":7}',
        b'{"keys":[7]}',
        b'{"keys":[]}',
        b'{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"o"}]}',
        b'{"keys":[{"kty":"RSA","kid":"r"}]}',
        b'{"keys":[{"kty":["RSA"],"kid":"r"}]}',
        msgspec.json.encode({"keys": [{**RSA.as_dict(private=False), "use": "enc"}]}),
        msgspec.json.encode({"keys": [{**RSA.as_dict(private=False), "kid": None}]}),
    ],
)
def test_what_holds_no_public_key_is_refused(document: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        parse_keys(document)


def test_an_unknown_key_does_not_spoil_the_others() -> None:
    strange = {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "strange"}
    document = {"keys": [strange, {"kty": "new"}, RSA.as_dict(private=False)]}
    assert [key.kid for key in parse_keys(msgspec.json.encode(document)).keys] == ["rsa-1"]


async def test_a_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    with pytest.raises(KeysUnavailable, match=r"jwks\.json"):
        await from_file(path)()
    path.write_bytes(key_set(RSA))
    assert await from_file(path)() == key_set(RSA)


async def test_a_url_is_fetched() -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=key_set(EC)))
    assert await from_url(URL, transport=transport)() == key_set(EC)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(status, headers={"location": "https://evil.test/jwks.json"})

    with pytest.raises(KeysUnavailable, match=str(status)):
        await from_url(URL, transport=httpx2.MockTransport(answer))()
    assert asked == [URL]


async def test_an_endless_answer_is_cut_off() -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=b" " * 300_000))
    with pytest.raises(KeysUnavailable, match="more than"):
        await from_url(URL, transport=transport)()


async def test_a_silent_issuer_is_named() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(KeysUnavailable, match=r"id\.example"):
        await from_url(URL, transport=httpx2.MockTransport(refuse))()
