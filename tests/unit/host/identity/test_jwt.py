"""JWTs: what proves a caller, and every known way to forge one."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc.jwk import Key
from tests.unit.host.identity.kit import (
    EC,
    ED,
    ISSUER,
    RSA,
    STRANGER,
    Seconds,
    Source,
    claims,
    issuer_identity,
    signed,
)

from rawr.composition import CallerClass, Principal
from rawr.host.identity import BearerToken, JwtPolicy, SessionCookie
from rawr.host.identity._jwt import JwtIdentity


@pytest.fixture
def now() -> Seconds:
    return Seconds()


@pytest.fixture
def source() -> Source:
    return Source(RSA, EC, ED)


@pytest.fixture
def identity(source: Source, now: Seconds) -> JwtIdentity:
    return issuer_identity(source, now)


async def proven(identity: JwtIdentity, token: str) -> Principal | None:
    return await identity.authenticate(BearerToken(token))


def unsigned(header: dict[str, Any], body: dict[str, Any], secret: bytes | None = None) -> str:
    parts = [_encoded(json.dumps(part).encode()) for part in (header, body)]
    text = ".".join(parts)
    signature = b"" if secret is None else hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (EC, "ES256"), (ED, "Ed25519")])
async def test_a_good_token_proves_its_subject(
    identity: JwtIdentity, now: Seconds, key: Key, alg: str
) -> None:
    assert await proven(identity, signed(key, alg, claims(now()))) == Principal(
        subject="ada", tenant_id="acme", caller=CallerClass.THIRD_PARTY
    )


async def test_claims_give_known_roles_and_permissions(identity: JwtIdentity, now: Seconds) -> None:
    body = claims(now(), roles=["finance:read", "root"], scope="openid rawr:internal rawr:trigger")
    principal = await proven(identity, signed(RSA, "RS256", body))
    assert principal is not None
    assert principal.roles == {"finance:read"}
    assert (principal.can_call_internal, principal.can_trigger_workflows) == (True, True)


async def test_no_claim_changes_the_caller_class(identity: JwtIdentity, now: Seconds) -> None:
    body = claims(now(), caller="first-party")
    principal = await proven(identity, signed(RSA, "RS256", body))
    assert principal is not None
    assert principal.caller is CallerClass.THIRD_PARTY


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
async def test_an_unsigned_token_is_refused(identity: JwtIdentity, now: Seconds, alg: str) -> None:
    assert await proven(identity, unsigned({"alg": alg, "kid": "rsa-1"}, claims(now()))) is None


@pytest.mark.parametrize("alg", ["HS256", "RS256"])
async def test_a_public_key_is_no_shared_secret(
    identity: JwtIdentity, now: Seconds, alg: str
) -> None:
    for secret in (RSA.as_pem(private=False), RSA.as_der(private=False), b""):
        header = {"alg": alg, "kid": "rsa-1"}
        assert await proven(identity, unsigned(header, claims(now()), secret)) is None


async def test_another_key_under_a_known_name_is_refused(
    identity: JwtIdentity, now: Seconds
) -> None:
    assert await proven(identity, signed(STRANGER, "RS256", claims(now()))) is None


async def test_a_key_that_the_token_brings_along_is_not_used(
    identity: JwtIdentity, now: Seconds
) -> None:
    header = {
        "jwk": STRANGER.as_dict(private=False),
        "jku": "https://evil.test/jwks.json",
        "x5u": "https://evil.test/cert.pem",
    }
    assert await proven(identity, signed(STRANGER, "RS256", claims(now()), **header)) is None


async def test_a_key_is_used_with_its_own_algorithm_only(
    identity: JwtIdentity, now: Seconds
) -> None:
    token = signed(EC, "ES256", claims(now()), kid="rsa-1")
    assert await proven(identity, token) is None


async def test_an_algorithm_that_is_not_listed_is_refused(source: Source, now: Seconds) -> None:
    identity = issuer_identity(source, now, algorithms=frozenset({"ES256"}))
    assert await proven(identity, signed(RSA, "RS256", claims(now()))) is None
    assert await proven(identity, signed(EC, "ES256", claims(now()))) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"aud": "another-service"},
        {"aud": None},
        {"aud": []},
        {"exp": None},
        {"exp": 0},
        {"exp": "9999999999"},
        {"exp": True},
        {"nbf": 9_999_999_999},
        {"iat": 9_999_999_999},
        {"sub": None},
        {"sub": ""},
        {"sub": "ada\nroot"},
        {"sub": 7},
        {"sub": "a" * 129},
        {"tenant_id": None},
        {"tenant_id": ""},
        {"tenant_id": "acme bolt"},
        {"tenant_id": ["acme"]},
        {"roles": "finance:read"},
        {"scope": ["rawr:internal"]},
    ],
    ids=str,
)
async def test_a_signed_token_with_a_bad_claim_is_refused(
    identity: JwtIdentity, now: Seconds, changes: dict[str, Any]
) -> None:
    assert await proven(identity, signed(RSA, "RS256", claims(now(), **changes))) is None


@pytest.mark.parametrize(
    ("claim", "seconds", "is_good"),
    [("exp", -29, True), ("exp", -31, False), ("nbf", 29, True), ("nbf", 31, False)],
)
async def test_clocks_may_differ_by_half_a_minute(
    identity: JwtIdentity, now: Seconds, claim: str, seconds: int, is_good: bool
) -> None:
    now.now = float(int(now.now))
    token = signed(RSA, "RS256", claims(now(), **{claim: int(now()) + seconds}))
    assert (await proven(identity, token) is not None) is is_good


@pytest.mark.parametrize(
    "header", [{"typ": "logout+jwt"}, {"typ": "dpop+jwt"}, {"kid": None}, {"kid": "unknown"}]
)
async def test_a_token_for_something_else_is_refused(
    identity: JwtIdentity, now: Seconds, header: dict[str, Any]
) -> None:
    assert await proven(identity, signed(RSA, "RS256", claims(now()), **header)) is None


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", None])
async def test_a_token_for_access_is_taken(
    identity: JwtIdentity, now: Seconds, kind: str | None
) -> None:
    assert await proven(identity, signed(RSA, "RS256", claims(now()), typ=kind)) is not None


@pytest.mark.parametrize(
    "token", ["", "a.b.c", "..", "a.b", "a.b.c.d.e", "\u00ff.b.c", "x" * 9000, "e30.e30.e30"]
)
async def test_what_is_no_token_is_refused(identity: JwtIdentity, token: str) -> None:
    assert await proven(identity, token) is None


async def test_a_changed_token_is_refused(identity: JwtIdentity, now: Seconds) -> None:
    head, _, signature = signed(RSA, "RS256", claims(now())).split(".")
    _, body, _ = signed(STRANGER, "RS256", claims(now(), sub="root")).split(".")
    assert await proven(identity, f"{head}.{body}.{signature}") is None


async def test_a_cookie_is_no_bearer_token(identity: JwtIdentity, now: Seconds) -> None:
    token = signed(RSA, "RS256", claims(now()))
    assert await identity.authenticate(SessionCookie(token)) is None


async def test_a_token_seen_before_still_expires(identity: JwtIdentity, now: Seconds) -> None:
    token = signed(RSA, "RS256", claims(now()))
    assert await proven(identity, token) is await proven(identity, token)
    now.now += 331
    assert await proven(identity, token) is None


async def test_a_token_seen_before_ends_with_its_key(
    identity: JwtIdentity, source: Source, now: Seconds
) -> None:
    token = signed(RSA, "RS256", claims(now(), exp=int(now()) + 7200))
    assert await proven(identity, token) is not None
    source.keys = (EC,)
    now.now += 601
    assert await proven(identity, token) is None


@pytest.mark.parametrize("alg", ["none", "HS256", "HS512", "ES256K", "RSA1_5", ""])
def test_unsafe_algorithms_cannot_be_configured(alg: str) -> None:
    with pytest.raises(ValueError, match="cannot be allowed"):
        JwtPolicy(
            issuer=ISSUER,
            audience="a",
            algorithms=frozenset({"RS256", alg}),
            caller=CallerClass.THIRD_PARTY,
            roles=frozenset(),
        )
