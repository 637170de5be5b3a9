"""What a reference page may load and whom it may call."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from rawr.schema import Json

from ._script import LocalScript, RemoteScript


def content_security_policy(
    document: Mapping[str, Json], script: LocalScript | RemoteScript | None
) -> str:
    """The page's Content-Security-Policy.

    Scalar writes style elements while it runs; all other code and data come from this host,
    from the servers of the document, or from the host a script was asked of.
    """
    trusted = f" {script.origin}" if isinstance(script, RemoteScript) else ""
    called = " ".join(("'self'", *dict.fromkeys(_origins(document))))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{trusted}" if script else "script-src 'none'",
            "style-src 'self' 'unsafe-inline'" if script else "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            f"connect-src {called}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _origins(document: Mapping[str, Json]) -> Iterator[str]:
    for server in document.get("servers", ()):
        parts = urlsplit(str(server.get("url", "")))
        if parts.scheme in ("http", "https") and parts.hostname and "{" not in parts.netloc:
            yield f"{parts.scheme}://{parts.netloc}"
