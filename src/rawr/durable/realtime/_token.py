"""Tokens that let a browser subscribe to some topics: JSON web tokens, signed with HS256."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

import msgspec

from rawr.durable.domain.errors import EngineError
from rawr.durable.realtime._message import Topic

_ISSUER: Final = "rt.inngest.com"
_DEV_SECRET: Final = "dev-mode-is-not-secret"  # noqa: S105 - the protocol's own, for development
_LIFETIME_S: Final = 60
_PARTS: Final = 3


class TokenRejected(EngineError):
    """The token is not valid or has expired; ask for a new one."""

    code = "token_rejected"
    status = 401


class _Header(msgspec.Struct):
    alg: str = "HS256"
    typ: str = "JWT"


class _TopicClaim(msgspec.Struct):
    channel: str
    name: str
    kind: str = "run"
    env_id: str = ""


class _Claims(msgspec.Struct):
    iss: str
    exp: int
    topics: list[_TopicClaim]
    iat: int = 0
    env: str = ""
    publish: bool = False


class TokenSigner:
    """Issues and reads subscription tokens, with an engine's signing keys.

    The first key signs, any of them verifies. Without keys the secret is the one that every
    engine for development shares.
    """

    def __init__(self, signing_keys: Sequence[str], *, env_id: str) -> None:
        self._secrets = [key.encode() for key in signing_keys] or [_DEV_SECRET.encode()]
        self._env_id = env_id

    def issue(self, topics: Sequence[Topic], *, now_s: int, lifetime_s: int = _LIFETIME_S) -> str:
        """A token for these topics; it must be used within a minute, or `lifetime_s` seconds."""
        claims = _Claims(
            iss=_ISSUER,
            iat=now_s,
            exp=now_s + lifetime_s,
            env=self._env_id,
            topics=[
                _TopicClaim(channel=one.channel, name=one.name, env_id=self._env_id)
                for one in topics
            ],
        )
        signed = (
            f"{_encoded(msgspec.json.encode(_Header()))}.{_encoded(msgspec.json.encode(claims))}"
        )
        return f"{signed}.{_encoded(_signature(signed, self._secrets[0]))}"

    def topics(self, token: str, *, now_s: int) -> list[Topic]:
        """The topics a token is for.

        Raises:
            TokenRejected: it is malformed, signed by somebody else, or too old.
        """
        parts = token.split(".")
        if len(parts) != _PARTS:
            raise TokenRejected("The token is no JSON web token")
        try:
            header = msgspec.json.decode(_decoded(parts[0]), type=_Header)
            claims = msgspec.json.decode(_decoded(parts[1]), type=_Claims)
            signature = _decoded(parts[2])
        except (msgspec.MsgspecError, ValueError) as error:
            raise TokenRejected(f"The token cannot be read: {error}") from error
        if header.alg != "HS256" or not self._is_signed(f"{parts[0]}.{parts[1]}", signature):
            raise TokenRejected("The token is not signed by this engine")
        if claims.iss != _ISSUER or claims.exp < now_s:
            raise TokenRejected("The token has expired; ask for a new one")
        return [Topic(channel=one.channel, name=one.name) for one in claims.topics]

    def _is_signed(self, signed: str, signature: bytes) -> bool:
        matches = [
            hmac.compare_digest(signature, _signature(signed, secret)) for secret in self._secrets
        ]
        return any(matches)


def _signature(signed: str, secret: bytes) -> bytes:
    return hmac.new(secret, signed.encode(), hashlib.sha256).digest()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)
