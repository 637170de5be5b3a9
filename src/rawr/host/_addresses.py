"""Origins: scheme, host and port, as settings name other machines."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def origin_of(url: str) -> str | None:
    """What a browser sends as `Origin` from a page at this address; None if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def is_on_this_machine(url: str) -> bool:
    """True if the host of a URL is this machine to itself, and to nobody else."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK


def is_safe(url: str) -> bool:
    """True if what is sent there cannot be read on the way."""
    return urlsplit(url).scheme == "https" or is_on_this_machine(url)
