"""Passwords: hashed slowly, verified in constant time.

scrypt of the standard library rather than Argon2id: both are memory-hard and recommended for new
systems, and this one needs no dependency with binary wheels. Hashes name their parameters, so
another hasher can verify old ones and rehash at sign-in behind the same port.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from typing import Final, Protocol

from ._errors import InvalidIdentity

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


def check_password(password: str) -> None:
    """Refuse what is too easy to guess or too long to hash.

    Raises:
        InvalidIdentity: Saying what to choose instead.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise InvalidIdentity(f"choose a password of at least {MIN_PASSWORD_LENGTH} characters")
    if len(password.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_BYTES:
        raise InvalidIdentity(f"choose a password of at most {MAX_PASSWORD_BYTES} bytes")


def _scrypt(password: str, salt: bytes, *, log_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=1 << log_n,
        r=r,
        p=p,
        maxmem=_MAX_MEMORY_BYTES,
        dklen=_KEY_BYTES,
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
