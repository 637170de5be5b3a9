"""Procedure paths in URLs (RPC protocol v1, URL and matching)."""

import re
from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["encode_path", "encode_segment", "lookup_path", "split_url"]

_UNESCAPED = "-_.!~*'()"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.\-]*:(?://[^/?#]*)?", re.IGNORECASE)
_URL_PATH_UNSAFE = re.compile(rb"[^!#-;=@-\[\]_a-z|~\\?]")


def encode_segment(segment: str) -> str:
    """One path segment, escaped as JavaScript's `encodeURIComponent` does.

    >>> encode_segment("a b/c")
    'a%20b%2Fc'
    """
    return quote(segment, safe=_UNESCAPED)


def encode_path(segments: Iterable[str]) -> str:
    """The URL path of a procedure, with a leading slash: the key a matcher looks up.

    >>> encode_path(["nested", "a b/c"])
    '/nested/a%20b%2Fc'
    """
    return "/" + "/".join(map(encode_segment, segments))


def lookup_path(raw_path: bytes, prefix: str = "") -> str | None:
    """The encoded procedure path inside a raw request path, or None outside the prefix.

    The path is compared as it was sent, never decoded: `/rpc/%65cho` is not `/rpc/echo`.
    One slash at the end is forgiven. `raw_path` holds no query.

    >>> lookup_path(b"/rpc/nested/a%20b/", "/rpc/")
    '/nested/a%20b'
    >>> lookup_path(b"/rpcx/echo", "/rpc") is None
    True
    """
    path = _URL_PATH_UNSAFE.sub(_escape, raw_path).decode("ascii")
    prefix = prefix.removesuffix("/")
    if prefix:
        if path != prefix and not path.startswith(f"{prefix}/"):
            return None
        path = path[len(prefix) :]
    return "/" + path.removeprefix("/").removesuffix("/")


def split_url(url: str) -> tuple[bytes, str]:
    """The raw path and the query of a URL, absolute or beginning with its path.

    >>> split_url("http://orpc/echo?data=1#top")
    (b'/echo', 'data=1')
    """
    origin = None if url.startswith("/") else _ORIGIN.match(url)
    target = url[origin.end() :] if origin else url
    path, _, query = target.partition("#")[0].partition("?")
    return (path or "/").encode(), query


def _escape(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
