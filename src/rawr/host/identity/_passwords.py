"""Passwords: hashed slowly, verified in constant time.

New hashes are Argon2id. Hashes name their kind and parameters, so that those of scrypt, which
were made before, still verify; whoever signs in with one gets a new one.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from ._errors import InvalidIdentity

if TYPE_CHECKING:
    import argon2

MIN_PASSWORD_LENGTH: Final = 12
MAX_PASSWORD_BYTES: Final = 1024
_SALT_BYTES: Final = 16
_KEY_BYTES: Final = 32
_MAX_MEMORY_BYTES: Final = 256 * 1024 * 1024
_ENCODED: Final = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)"
)


class PasswordHasher(Protocol):
    """Makes and verifies password hashes; both take a good part of a second, on purpose."""

    def hash(self, password: str) -> str:
        """A salted hash that names its own parameters."""
        ...

    def verify(self, password: str, encoded: str) -> bool:
        """True if the hash was made of this password; False too if the hash is malformed."""
        ...

    def is_outdated(self, encoded: str) -> bool:
        """True if this hasher would make another kind of hash, or one of other cost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Hasher:
    """Argon2id (RFC 9106, its second recommendation): 64 MiB and three passes by default.

    It verifies hashes of scrypt too, and calls them outdated.
    """

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def hash(self, password: str) -> str:
        """See `PasswordHasher.hash`."""
        return self._argon2().hash(_bytes(password))

    def verify(self, password: str, encoded: str) -> bool:
        """See `PasswordHasher.verify`."""
        from argon2.exceptions import InvalidHashError, VerificationError

        if encoded.startswith("$scrypt$"):
            return ScryptHasher().verify(password, encoded)
        try:
            return self._argon2().verify(encoded, _bytes(password))
        except (InvalidHashError, VerificationError):
            return False

    def is_outdated(self, encoded: str) -> bool:
        """See `PasswordHasher.is_outdated`."""
        from argon2.exceptions import InvalidHashError

        try:
            return self._argon2().check_needs_rehash(encoded)
        except InvalidHashError:
            return True

    def _argon2(self) -> "argon2.PasswordHasher":
        import argon2

        return argon2.PasswordHasher(
            time_cost=self.passes, memory_cost=self.memory_kib, parallelism=self.lanes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScryptHasher:
    """scrypt (RFC 7914) with 2**`log_n` blocks: 32 MiB and three passes by default."""

    log_n: int = 15
    r: int = 8
    p: int = 3

    def hash(self, password: str) -> str:
        """See `PasswordHasher.hash`."""
        salt = os.urandom(_SALT_BYTES)
        key = _scrypt(password, salt, log_n=self.log_n, r=self.r, p=self.p)
        return f"$scrypt$ln={self.log_n},r={self.r},p={self.p}${_encode(salt)}${_encode(key)}"

    def verify(self, password: str, encoded: str) -> bool:
        """See `PasswordHasher.verify`."""
        match = _ENCODED.fullmatch(encoded)
        if match is None:
            return False
        log_n, r, p = (int(text) for text in match.groups()[:3])
        try:
            salt, known = base64.b64decode(match[4]), base64.b64decode(match[5])
            key = _scrypt(password, salt, log_n=log_n, r=r, p=p)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(known, key)

    def is_outdated(self, encoded: str) -> bool:
        """See `PasswordHasher.is_outdated`."""
        return not encoded.startswith(f"$scrypt$ln={self.log_n},r={self.r},p={self.p}$")


def check_password(password: str) -> None:
    """Refuse what is too easy to guess or too long to hash.

    Raises:
        InvalidIdentity: Saying what to choose instead.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise InvalidIdentity(f"choose a password of at least {MIN_PASSWORD_LENGTH} characters")
    if len(_bytes(password)) > MAX_PASSWORD_BYTES:
        raise InvalidIdentity(f"choose a password of at most {MAX_PASSWORD_BYTES} bytes")


def _scrypt(password: str, salt: bytes, *, log_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        _bytes(password),
        salt=salt,
        n=1 << log_n,
        r=r,
        p=p,
        maxmem=_MAX_MEMORY_BYTES,
        dklen=_KEY_BYTES,
    )


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
