import json

import jcs
import pytest
from hypothesis import given, strategies as st
from inngest._internal import net, server_lib, transforms

from rawr.durable.protocol.signing import (
    SIGNATURE_HEADER,
    TOLERANCE_S,
    SignatureError,
    SigningKeyError,
    canonical_json,
    hash_signing_key,
    is_authorized,
    sign,
    sign_bytes,
    strip_key_prefix,
    verify,
    verify_bytes,
)

KEY = "signkey-prod-7468697320697320612074657374206b6579"
FALLBACK = "signkey-prod-deadbeef"
NOW = 1_795_353_514
BODY = b'{"b": [1, 2.50, "\xc3\xa9"],\n "a": {"z": null, "y": true}}'

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_signature_equals_what_the_sdk_computes() -> None:
    assert sign(BODY, KEY, now_s=NOW) == net.sign_request(BODY, KEY, NOW)
    assert sign_bytes(BODY, KEY, now_s=NOW) == net.sign_response(BODY, KEY, NOW)


def test_the_sdk_accepts_what_we_sign() -> None:
    accepted = net.validate_request_sig(
        body=BODY,
        headers={SIGNATURE_HEADER: sign(BODY, KEY, now_s=NOW)},
        mode=server_lib.ServerKind.CLOUD,
        signing_key=KEY,
        signing_key_fallback=None,
    )
    assert accepted == KEY


def test_we_accept_what_the_sdk_signs() -> None:
    header = net.sign_request(BODY, KEY, NOW)
    assert isinstance(header, str)
    assert verify(BODY, header, [KEY], now_s=NOW) == KEY


def test_the_order_and_spacing_of_a_body_do_not_matter() -> None:
    header = sign(BODY, KEY, now_s=NOW)
    assert verify(canonical_json(BODY), header, [KEY], now_s=NOW) == KEY


def test_an_empty_body_is_signed_as_it_is() -> None:
    assert verify(b"", sign(b"", KEY, now_s=NOW), [KEY], now_s=NOW) == KEY


def test_the_fallback_key_is_accepted_and_named() -> None:
    header = sign(BODY, FALLBACK, now_s=NOW)
    assert verify(BODY, header, [KEY, FALLBACK], now_s=NOW) == FALLBACK


def test_a_response_is_signed_over_its_bytes() -> None:
    header = sign_bytes(BODY, KEY, now_s=NOW)
    assert verify_bytes(BODY, header, [KEY], now_s=NOW) == KEY
    with pytest.raises(SignatureError, match="another key"):
        verify_bytes(canonical_json(BODY), header, [KEY], now_s=NOW)


@pytest.mark.parametrize("skew_s", [-TOLERANCE_S, 0, TOLERANCE_S])
def test_the_replay_window_is_inclusive(skew_s: int) -> None:
    assert verify(BODY, sign(BODY, KEY, now_s=NOW + skew_s), [KEY], now_s=NOW) == KEY


@pytest.mark.parametrize("skew_s", [-TOLERANCE_S - 1, TOLERANCE_S + 1, 10**9])
def test_stale_and_future_signatures_are_refused(skew_s: int) -> None:
    with pytest.raises(SignatureError, match="old or ahead"):
        verify(BODY, sign(BODY, KEY, now_s=NOW + skew_s), [KEY], now_s=NOW)


def test_a_changed_time_is_refused() -> None:
    header = sign(BODY, KEY, now_s=NOW).replace(f"t={NOW}", f"t={NOW + 1}")
    with pytest.raises(SignatureError, match="another key"):
        verify(BODY, header, [KEY], now_s=NOW)


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(SignatureError, match="another key"):
        verify(b'{"a":1}', sign(b'{"a":2}', KEY, now_s=NOW), [KEY], now_s=NOW)


def test_another_key_is_refused() -> None:
    with pytest.raises(SignatureError, match="another key"):
        verify(BODY, sign(BODY, "abcd", now_s=NOW), [KEY, FALLBACK], now_s=NOW)


def test_without_a_key_nothing_is_accepted() -> None:
    with pytest.raises(SignatureError):
        verify(BODY, sign(BODY, KEY, now_s=NOW), [], now_s=NOW)


@pytest.mark.parametrize("key", ["", "signkey-prod-"])
def test_an_empty_key_is_refused_even_where_it_would_match(key: str) -> None:
    with pytest.raises(SigningKeyError, match="empty"):
        sign(BODY, key, now_s=NOW)
    with pytest.raises(SigningKeyError, match="empty"):
        verify(BODY, f"t={NOW}&s={'0' * 64}", [key], now_s=NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=1",
        f"s={'0' * 64}",
        f"t={NOW}&s=",
        f"t={NOW}&s={'0' * 63}",
        f"t={NOW}&s={'G' * 64}",
        f"t=-1&s={'0' * 64}",
        f"t={NOW}&s={'0' * 64}\n",
        f"t={NOW}&s={'0' * 64}&t={NOW}",
        f"t=&s={'0' * 64}",
        f"t={NOW}&s={'é' * 64}",
    ],
)
def test_a_missing_or_malformed_header_is_refused(header: str | None) -> None:
    with pytest.raises(SignatureError, match="missing or malformed"):
        verify(BODY, header, [KEY], now_s=NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"{",
        b"\xff\xfe",
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b"[" * 100_000,
        b'"\\ud800"',
        b"1" * 400,
        b"1" * 5000,
    ],
)
def test_a_body_that_is_not_json_cannot_be_canonical(body: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(body, f"t={NOW}&s={'0' * 64}", [KEY], now_s=NOW)


@given(values)
def test_canonical_form_equals_the_sdks(value: object) -> None:
    try:
        expected = jcs.canonicalize(value)
    except (ValueError, OverflowError):
        with pytest.raises(SignatureError):
            canonical_json(json.dumps(value).encode())
    else:
        assert canonical_json(json.dumps(value).encode()) == expected
        assert canonical_json(json.dumps(value, ensure_ascii=False).encode()) == expected


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"1.0", b"1"),
        (b"-0", b"0"),
        (b"-0.0", b"0"),
        (b"1e21", b"1e+21"),
        (b"1e-7", b"1e-7"),
        (b"0.00001", b"0.00001"),
        (b"123456789012345678901", b"123456789012345680000"),
        (b"9007199254740993", b"9007199254740992"),
        (b'{"\xf0\x9f\x98\x80":1,"\xef\xbf\xbd":2}', b'{"\xf0\x9f\x98\x80":1,"\xef\xbf\xbd":2}'),
        (b'{"a":1,"a":2}', b'{"a":2}'),
        (b'"\\u000a\\u0001\\/"', b'"\\n\\u0001/"'),
    ],
)
def test_canonical_numbers_keys_and_escapes(body: bytes, canonical: bytes) -> None:
    assert canonical_json(body) == canonical
    assert transforms.canonicalize(body) == canonical


@pytest.mark.parametrize(
    ("key", "bare"),
    [(KEY, KEY[len("signkey-prod-") :]), ("signkey-my_env-ab", "ab"), ("abcd", "abcd")],
)
def test_the_prefix_is_no_part_of_the_key(key: str, bare: str) -> None:
    assert strip_key_prefix(key) == bare == transforms.remove_signing_key_prefix(key)


def test_hashed_key_equals_the_sdks() -> None:
    assert hash_signing_key(KEY) == transforms.hash_signing_key(KEY)


def test_a_key_that_is_not_hex_cannot_be_hashed() -> None:
    with pytest.raises(SigningKeyError, match="hex digits"):
        hash_signing_key("signkey-prod-xyz")


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {hash_signing_key(KEY)}",
        f"bearer  {hash_signing_key(KEY)} ",
        f"Bearer signkey-prod-{hash_signing_key(KEY)}",
        f"Bearer {KEY}",
        f"Bearer {hash_signing_key(FALLBACK)}",
    ],
)
def test_bearer_accepts_key_or_hash(header: str) -> None:
    assert is_authorized(header, [KEY, FALLBACK])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer undefined",
        f"Basic {KEY}",
        "Bearer deadbee",
        "Bearer é",
    ],
)
def test_bearer_refuses_anything_else(header: str | None) -> None:
    assert not is_authorized(header, [KEY, FALLBACK])
