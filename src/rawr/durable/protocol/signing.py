"""Signatures and keys between engine and SDK (Inngest wire: ``x-inngest-signature``, Bearer)."""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence

import jcs

SIGNATURE_HEADER = "x-inngest-signature"

TOLERANCE_S = 300
"""How far a signature's time may lie from ours, in either direction, in seconds."""

_HEADER = re.compile(r"t=([0-9]{1,12})&s=([0-9a-f]{64})", re.ASCII)
_KEY_PREFIX = re.compile(r"signkey-\w+-")
_NON_BMP = re.compile(rb"[\xf0-\xf4]|\\u[dD][89a-fA-F]")
_MAX_EXACT_INTEGER = 2**53
#: Integers with fewer digits than that are exact.
_LONG_NUMBER = re.compile(r"[0-9]{16}")
_MIN_PLAIN, _MAX_PLAIN = 1e-4, 1e16


class SignatureError(Exception):
    """The request is not signed by the other side with a known key at about this time."""


class SigningKeyError(ValueError):
    """A signing key is empty, or not an even number of hex digits after its prefix."""


def sign(body: bytes, key: str, *, now_s: int) -> str:
    """The signature header of a request: HMAC-SHA256 over the canonical JSON body and the time.

    Raises:
        SignatureError: the body is not JSON.
    """
    return sign_bytes(canonical_json(body), key, now_s=now_s)


def sign_bytes(body: bytes, key: str, *, now_s: int) -> str:
    """The signature header of a response, whose body is signed as it stands."""
    return f"t={now_s}&s={_mac(body, key, str(now_s))}"


def verify(body: bytes, header: str | None, keys: Sequence[str], *, now_s: float) -> str:
    """Check a request signature against the current and fallback keys; the key that made it.

    Raises:
        SignatureError: missing, malformed, older or newer than the tolerance, or made with
            another key or body.
    """
    time, signature = _parse(header, now_s)
    if (key := _matching_key(body, keys, time, signature)) is not None:
        return key
    # A canonical body, which is what engines send, has matched above without being parsed.
    canonical = canonical_json(body)
    if (key := _matching_key(canonical, keys, time, signature)) is not None:
        return key
    raise SignatureError("the signature was made with another key or for another body")


def verify_bytes(body: bytes, header: str | None, keys: Sequence[str], *, now_s: float) -> str:
    """Check a response signature, made over the body as it stands; the key that made it.

    Raises:
        SignatureError: as for `verify`.
    """
    time, signature = _parse(header, now_s)
    if (key := _matching_key(body, keys, time, signature)) is not None:
        return key
    raise SignatureError("the signature was made with another key or for another body")


def check_header(header: str | None, *, now_s: float) -> str:
    """The signature header itself, if its form and time are right; who made it is not checked.

    Raises:
        SignatureError: missing, malformed, or older or newer than the tolerance.
    """
    time, signature = _parse(header, now_s)
    return f"t={time}&s={signature}"


def strip_key_prefix(key: str) -> str:
    """The key without its ``signkey-<env>-`` prefix."""
    return _KEY_PREFIX.sub("", key, count=1) if key.startswith("signkey-") else key


def hash_signing_key(key: str) -> str:
    """The hex SHA-256 an SDK sends as its Bearer token in place of the key itself.

    Raises:
        SigningKeyError: the key is not hex.
    """
    try:
        secret = bytes.fromhex(strip_key_prefix(key))
    except ValueError as error:
        raise SigningKeyError(
            "a signing key must be an even number of hex digits, after an optional signkey-<env>-"
        ) from error
    return hashlib.sha256(secret).hexdigest()


def is_authorized(header: str | None, keys: Sequence[str]) -> bool:
    """True if an ``Authorization`` header carries one of the keys, raw or hashed."""
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return False
    offered = strip_key_prefix(token.strip()).encode()
    accepted = [form.encode() for key in keys for form in _bearer_forms(key)]
    # Every form is compared, so that the time taken does not tell which one is close.
    return sum(hmac.compare_digest(offered, form) for form in accepted) > 0


def canonical_json(body: bytes) -> bytes:
    """The JSON Canonicalization Scheme form of a body (RFC 8785); an empty body stays empty.

    Raises:
        SignatureError: the body is not JSON.
    """
    if not body:
        return body
    try:
        return _canonical_fast(body)
    except _NeedsExactFormError:
        pass
    except (ValueError, RecursionError) as error:
        raise SignatureError("the body is not JSON") from error
    try:
        return str(jcs.canonicalize(json.loads(body), utf8=False)).encode()
    except (ValueError, OverflowError, RecursionError) as error:
        raise SignatureError("the body is not JSON") from error


class _NeedsExactFormError(Exception):
    """Something in the body is written differently by the standard encoder and by RFC 8785."""


def _canonical_fast(body: bytes) -> bytes:
    # The C encoder agrees with RFC 8785 but for key order outside the basic plane and for
    # numbers with an exponent; it is some fifty times faster than the exact one.
    if _NON_BMP.search(body):
        raise _NeedsExactFormError
    text = body.decode(json.detect_encoding(body), "surrogatepass")
    decoder = _EXACT_DECODER if _LONG_NUMBER.search(text) else _DECODER
    return _ENCODER.encode(decoder.decode(text)).encode()


def _plain_number(text: str) -> int | float:
    number = float(text)
    if number.is_integer() and abs(number) < _MAX_EXACT_INTEGER:
        return int(number)
    if _MIN_PLAIN <= abs(number) < _MAX_PLAIN and not number.is_integer():
        return number
    raise _NeedsExactFormError


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_EXACT_DECODER = json.JSONDecoder(
    parse_int=_plain_number, parse_float=_plain_number, parse_constant=_no_constant
)
#: For bodies whose integers are all short enough to be exact in any case.
_DECODER = json.JSONDecoder(parse_float=_plain_number, parse_constant=_no_constant)


def _parse(header: str | None, now_s: float) -> tuple[str, str]:
    match = _HEADER.fullmatch(header or "")
    if match is None:
        raise SignatureError(f"the {SIGNATURE_HEADER} header is missing or malformed")
    time, signature = match.groups()
    if abs(now_s - int(time)) > TOLERANCE_S:
        raise SignatureError(f"the signature is more than {TOLERANCE_S} s old or ahead of time")
    return time, signature


def _matching_key(body: bytes, keys: Sequence[str], time: str, signature: str) -> str | None:
    found = None
    for key in keys:
        if hmac.compare_digest(_mac(body, key, time), signature):
            found = key
    return found


def _mac(body: bytes, key: str, time: str) -> str:
    secret = strip_key_prefix(key)
    if not secret:
        raise SigningKeyError("the signing key is empty; anyone could sign with it")
    mac = hmac.new(secret.encode(), body, hashlib.sha256)
    mac.update(time.encode())
    return mac.hexdigest()


def _bearer_forms(key: str) -> tuple[str, str]:
    return strip_key_prefix(key), hash_signing_key(key)
