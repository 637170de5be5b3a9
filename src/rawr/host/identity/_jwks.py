"""The public keys of a JWT issuer: read from a file or fetched, kept for a while."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import anyio
import httpx2
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

logger: Final = logging.getLogger("rawr.host")

_FRESH_SECONDS: Final = 600.0
_RETRY_SECONDS: Final = 30.0
_STALE_SECONDS: Final = 24 * 3600.0
_FETCH_SECONDS: Final = 5.0
_MAX_BYTES: Final = 256 * 1024
_OK: Final = 200
_PUBLIC_KINDS: Final[dict[str, type[RSAKey | ECKey | OKPKey]]] = {
    "RSA": RSAKey,
    "EC": ECKey,
    "OKP": OKPKey,
}

Load = Callable[[], Awaitable[bytes]]
"""Reads the current JSON Web Key Set."""


class KeysUnavailable(Exception):
    """The issuer's keys cannot be read now."""


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class IssuerKeys:
    """A key set, loaded when it is older than ten minutes or when a token names a new key.

    It is loaded at most every 30 seconds, whatever callers send, and when loading fails the
    last one serves for a day. `now` is in seconds.
    """

    def __init__(self, load: Load, now: Callable[[], float]) -> None:
        self._load = load
        self._now = now
        self._lock = anyio.Lock()
        self._keys: KeySet | None = None
        self._kids: frozenset[str] = frozenset()
        self._loaded_at = float("-inf")
        self._tried_at = float("-inf")
        self.generation = 0
        """Counts the sets loaded so far."""

    @property
    def is_fresh(self) -> bool:
        """True if the set need not be loaded again for its age."""
        return self._now() - self._loaded_at < _FRESH_SECONDS

    async def find(self, kid: str | None) -> KeySet:
        """A set with this key in it, if the issuer has it.

        Raises:
            KeysUnavailable: None could be loaded for a day.
        """
        if not self.is_fresh or kid not in self._kids:
            async with self._lock:
                await self._reload(kid)
        if self._keys is None or self._now() - self._loaded_at > _STALE_SECONDS:
            raise KeysUnavailable
        return self._keys

    async def _reload(self, kid: str | None) -> None:
        if self.is_fresh and kid in self._kids:
            return  # somebody else has loaded it meanwhile
        now = self._now()
        if now - self._tried_at < _RETRY_SECONDS:
            return
        self._tried_at = now
        try:
            keys = parse_keys(await self._load())
        except KeysUnavailable as error:
            logger.warning("JWKS: %s", error, extra={"action": "jwks.unavailable"})
            return
        self._keys, self._loaded_at = keys, now
        self._kids = frozenset(key.kid for key in keys.keys if key.kid is not None)
        self.generation += 1


def parse_keys(document: bytes) -> KeySet:
    """The public signature keys of a JSON Web Key Set; symmetric and unknown ones are left out.

    Raises:
        KeysUnavailable: It is none, or holds no such key.
    """
    try:
        body = msgspec.json.decode(document, type=_KeySet)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KeysUnavailable(f"this is no JSON Web Key Set ({error})") from error
    keys: list[Key] = [*_public(body.keys)]
    if not keys:
        raise KeysUnavailable("the JSON Web Key Set holds no public signature key with a kid")
    return KeySet(keys)


def _public(keys: list[dict[str, Any]]) -> Iterator[RSAKey | ECKey | OKPKey]:
    for key in keys:
        kind = _PUBLIC_KINDS.get(str(key.get("kty")))
        if kind is None or not isinstance(key.get("kid"), str) or key.get("use", "sig") != "sig":
            continue
        # One key of a kind not known here must not make the others useless.
        with suppress(JoseError, LookupError, TypeError, ValueError):
            yield kind.import_key(key)


def from_file(path: Path) -> Load:
    """Reads a file."""

    async def load() -> bytes:
        try:
            return await anyio.Path(path).read_bytes()
        except OSError as error:
            raise KeysUnavailable(f"{path} cannot be read: {error.strerror}") from error

    return load


def from_url(url: str, *, transport: httpx2.AsyncBaseTransport | None = None) -> Load:
    """Fetches a URL: from that host alone, no redirects, at most 256 KiB, within 5 seconds."""

    async def load() -> bytes:
        try:
            with anyio.fail_after(_FETCH_SECONDS):
                async with (
                    httpx2.AsyncClient(
                        transport=transport,
                        follow_redirects=False,
                        trust_env=False,
                        timeout=_FETCH_SECONDS,
                    ) as client,
                    client.stream("GET", url) as response,
                ):
                    return await _bounded(response, url)
        except (httpx2.HTTPError, TimeoutError) as error:
            raise KeysUnavailable(f"{url} does not answer ({type(error).__name__})") from error

    return load


async def _bounded(response: httpx2.Response, url: str) -> bytes:
    if response.status_code != _OK:
        raise KeysUnavailable(f"{url} answers {response.status_code}")
    body = b""
    async for chunk in response.aiter_bytes(16 * 1024):
        body += chunk
        if len(body) > _MAX_BYTES:
            raise KeysUnavailable(f"{url} sends more than {_MAX_BYTES} bytes")
    return body
