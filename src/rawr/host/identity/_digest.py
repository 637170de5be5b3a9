"""How secrets of this host are made, and in what form they are kept."""

import hashlib
import secrets

_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret of 256 random bits, safe in URLs, headers and cookies."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def token_digest(secret: str) -> bytes:
    """The SHA-256 digest a random secret is kept and looked up by.

    A plain fast hash is right here, unlike for passwords: there is nothing to guess in 256
    random bits, so slowness and salt would cost every request and protect nothing. Looking a
    digest up tells by its timing nothing about the secret: who probes cannot choose the digest.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
