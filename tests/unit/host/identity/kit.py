"""An issuer of JWTs with keys of its own, and time in seconds."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from rawr.composition import CallerClass
from rawr.host.identity import JwtPolicy
from rawr.host.identity._jwks import IssuerKeys, KeysUnavailable
from rawr.host.identity._jwt import JwtIdentity

ISSUER, AUDIENCE = "https://id.example", "rawr-hq"
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed-1"})
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa-1"})
"""Somebody else's key under a known name."""


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Source:
    """A key set that a test changes; it counts how often it is read."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.loads = 0
        self.is_down = False

    async def __call__(self) -> bytes:
        self.loads += 1
        if self.is_down:
            raise KeysUnavailable("down")
        return key_set(*self.keys)


def key_set(*keys: Key) -> bytes:
    return msgspec.json.encode({"keys": [key.as_dict(private=False) for key in keys]})


def claims(now: float, **changes: Any) -> dict[str, Any]:
    """The claims of a good token; None leaves one out."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "tenant_id": "acme",
        "iat": int(now),
        "exp": int(now) + 300,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(key: Key, alg: str, body: Mapping[str, Any], **header: Any) -> str:
    names = {"alg": alg, "kid": key.kid, **header}
    known = {name: value for name, value in names.items() if value is not None}
    return jwt.encode(known, dict(body), key, algorithms=[alg])


def issuer_identity(
    source: Source,
    now: Seconds,
    *,
    algorithms: frozenset[str] = frozenset({"RS256", "ES256", "Ed25519"}),
    caller: CallerClass = CallerClass.THIRD_PARTY,
) -> JwtIdentity:
    policy = JwtPolicy(
        issuer=ISSUER,
        audience=AUDIENCE,
        algorithms=algorithms,
        caller=caller,
        roles=frozenset({"finance:read"}),
    )
    return JwtIdentity(policy, IssuerKeys(source, now), now)
