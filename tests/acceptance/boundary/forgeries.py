"""Tokens that prove nobody, each forged in another way."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from joserfc.jwk import RSAKey

from tests.acceptance.boundary.world import ISSUER_KEY, claims, signed_jwt

_STRANGER: Final = RSAKey.generate_key(2048, {"kid": "issuer-1"})
"""Somebody else's key under the issuer's name for its own."""


def _unsigned(alg: str, secret: bytes | None = None) -> str:
    header = {"alg": alg, "kid": "issuer-1", "typ": "at+jwt"}
    text = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims()))
    signature = b"" if secret is None else hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _tampered(**changes: Any) -> str:
    """A good token whose claims were changed after signing."""
    header, _, signature = signed_jwt(ISSUER_KEY, claims()).split(".")
    return ".".join((header, _encoded(json.dumps(claims(**changes)).encode()), signature))


def _signed(header: Mapping[str, Any] | None = None, **changes: Any) -> Callable[[], str]:
    return lambda: signed_jwt(ISSUER_KEY, claims(**changes), **(header or {}))


_BRINGS_ITS_KEY: Final = {"jwk": _STRANGER.as_dict(private=False), "jku": "https://evil.test/keys"}

FORGED: Final[Mapping[str, Callable[[], str]]] = {
    "another key": lambda: signed_jwt(_STRANGER, claims()),
    "a key of its own in the header": lambda: signed_jwt(_STRANGER, claims(), **_BRINGS_ITS_KEY),
    "other claims under a good signature": lambda: _tampered(tenant_id="bolt"),
    "alg none": lambda: _unsigned("none"),
    "alg None": lambda: _unsigned("None"),
    "alg none, signed": lambda: _unsigned("none", b"x"),
    "the public key as a secret, PEM": lambda: _unsigned("HS256", ISSUER_KEY.as_pem(private=False)),
    "the public key as a secret, DER": lambda: _unsigned("HS256", ISSUER_KEY.as_der(private=False)),
    "no secret": lambda: _unsigned("HS256", b""),
    "an algorithm nobody allowed": lambda: signed_jwt(ISSUER_KEY, claims(), alg="RS512"),
    "expired": _signed(exp=int(time.time()) - 3600),
    "without an end": _signed(exp=None),
    "not yet": _signed(nbf=int(time.time()) + 3600),
    "another issuer": _signed(iss="https://evil.test"),
    "another audience": _signed(aud="another-service"),
    "without a tenant": _signed(tenant_id=None),
    "without a subject": _signed(sub=None),
    "an unknown key id": _signed({"kid": "issuer-2"}),
    "a path as a key id": _signed({"kid": "../../dev/null"}),
    "made for something else": _signed({"typ": "logout+jwt"}),
    "cut off": lambda: signed_jwt(ISSUER_KEY, claims()).rpartition(".")[0] + ".",
}
"""By what is wrong with it, what makes the token; made late, so that time does not run out."""
