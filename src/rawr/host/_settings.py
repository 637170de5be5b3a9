"""What an operator may set, read from the environment once, at start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, TypeAlias

from rawr.composition import IPNetwork

Mode: TypeAlias = Literal["development", "production"]

DEFAULT_PORT = 3000
_DEFAULT_BODY_BYTES = 4 * 1024 * 1024
_MIN_TOKEN_LENGTH = 32
_TRUTHS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsError(ValueError):
    """A setting is missing, malformed or unsafe; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one host.

    `RAWR_PORT`, `RAWR_HOST`, `RAWR_DATA_DIR`,
    `RAWR_MAX_BODY_BYTES`, `RAWR_TRUSTED_PROXIES` and `RAWR_TRUSTED_CIDRS` (comma separated
    networks), `RAWR_INTERNAL_ONLY` (true refuses triggers from outside the trusted networks),
    `RAWR_SERVICE_TOKEN` (the credential of a trusted service; production needs one),
    `RAWR_SERVICE_TENANT`, `INNGEST_SIGNING_KEY`, `INNGEST_SIGNING_KEY_FALLBACK`.
    """

    hq_dir: Path
    data_dir: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    mode: Mode = "development"
    max_body_bytes: int = _DEFAULT_BODY_BYTES
    trusted_proxies: tuple[IPNetwork, ...] = ()
    trusted_cidrs: tuple[IPNetwork, ...] = ()
    internal_only: bool = False
    signing_key: str | None = field(default=None, repr=False)
    signing_key_fallback: str | None = field(default=None, repr=False)
    service_token: str | None = field(default=None, repr=False)
    service_tenant: str = "default"

    def __post_init__(self) -> None:
        if self.mode == "development" and self.host not in _LOOPBACK:
            raise SettingsError(
                f"RAWR_HOST={self.host}: development mode listens on loopback only, because it "
                "mints a token without asking anybody; use `rawr serve` to listen elsewhere"
            )
        if self.mode == "production" and self.service_token is None:
            raise SettingsError(
                "RAWR_SERVICE_TOKEN is not set, so in production nobody could call; set it to "
                f"at least {_MIN_TOKEN_LENGTH} random characters"
            )
        if self.service_token is not None and len(self.service_token) < _MIN_TOKEN_LENGTH:
            raise SettingsError(
                "RAWR_SERVICE_TOKEN is too short; "
                f"use at least {_MIN_TOKEN_LENGTH} random characters"
            )

    @property
    def base_url(self) -> str:
        """Where the host is reached on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @classmethod
    def from_environment(
        cls, hq_dir: Path, *, mode: Mode, environ: Mapping[str, str] = os.environ
    ) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: Naming the variable and what it should be.
        """
        hq_dir = hq_dir.resolve()
        return cls(
            hq_dir=hq_dir,
            data_dir=Path(environ.get("RAWR_DATA_DIR") or hq_dir / ".rawr").resolve(),
            host=environ.get("RAWR_HOST", "127.0.0.1"),
            port=_integer(environ, "RAWR_PORT", DEFAULT_PORT, low=0, high=65535),
            mode=mode,
            max_body_bytes=_integer(
                environ, "RAWR_MAX_BODY_BYTES", _DEFAULT_BODY_BYTES, low=1024, high=1 << 30
            ),
            trusted_proxies=_networks(environ, "RAWR_TRUSTED_PROXIES"),
            trusted_cidrs=_networks(environ, "RAWR_TRUSTED_CIDRS"),
            internal_only=_truth(environ, "RAWR_INTERNAL_ONLY"),
            signing_key=environ.get("INNGEST_SIGNING_KEY") or None,
            signing_key_fallback=environ.get("INNGEST_SIGNING_KEY_FALLBACK") or None,
            service_token=environ.get("RAWR_SERVICE_TOKEN") or None,
            service_tenant=environ.get("RAWR_SERVICE_TENANT") or "default",
        )


def _truth(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "").lower()
    if text not in _TRUTHS:
        raise SettingsError(f"{name}={text}: use true or false")
    return _TRUTHS[text]


def _integer(environ: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    text = environ.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingsError(f"{name}={text}: use a whole number from {low} to {high}")
    return int(text)


def _networks(environ: Mapping[str, str], name: str) -> tuple[IPNetwork, ...]:
    parts = [part.strip() for part in environ.get(name, "").split(",") if part.strip()]
    try:
        return tuple(ip_network(part) for part in parts)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}; write networks such as 10.0.0.0/8") from error
