"""What an operator may set, read from the environment once, at start."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Literal, TypeAlias

from rawr.composition import IPNetwork

from ._addresses import LOOPBACK, is_safe, origin_of
from ._inngest_settings import InngestSettings

Mode: TypeAlias = Literal["development", "production"]
EngineKind: TypeAlias = Literal["embedded", "inngest"]

DEFAULT_PORT = 3000
_DEFAULT_APP_ID = "rawr-hq"
_DEFAULT_BODY_BYTES = 4 * 1024 * 1024
_DEFAULT_BODY_SECONDS = 30
_DEFAULT_CONCURRENCY = 1000
_DEFAULT_KEEP_DAYS = 30
_DEFAULT_MAX_STEPS = 1000
_DEFAULT_WAIT_LOOKBACK_SECONDS: Final = 86_400  # a signal may come before its run waits
_DEFAULT_RATE = 6000
_MIN_TOKEN_LENGTH = 32
_MIN_TOKEN_VARIETY = 8
_TRUTHS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
}
_APP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
_ENGINES: tuple[EngineKind, ...] = ("embedded", "inngest")


class SettingsError(ValueError):
    """A setting is missing, malformed or unsafe; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one host.

    `RAWR_PORT`, `RAWR_HOST`, `RAWR_DATA_DIR`,
    `RAWR_MAX_BODY_BYTES`, `RAWR_BODY_SECONDS` (until a body is there),
    `RAWR_TRUSTED_PROXIES` and `RAWR_TRUSTED_CIDRS` (comma separated
    networks), `RAWR_INTERNAL_ONLY` (true refuses triggers from outside the trusted networks),
    `RAWR_SERVICE_TOKEN` (the credential of a trusted service),
    `RAWR_SERVICE_TENANT`, `RAWR_PUBLIC_URL` (where browsers reach the HQ), `RAWR_RATE_LIMIT`
    (requests per minute and principal; 0 is no limit), `RAWR_MAX_CONCURRENCY` (requests at once),
    `RAWR_ENGINE` (`embedded`, or `inngest` for an Inngest server: see `InngestSettings`),
    `RAWR_APP_ID` (the HQ's name at its engine, a part of every function's id),
    `RAWR_KEEP_DAYS` (how long the engine keeps what has ended; 0 is for ever),
    `RAWR_MAX_STEPS` (how many steps one run may have), `RAWR_WAIT_LOOKBACK_SECONDS` (how long
    before a wait began an event may have come that ends it),
    `RAWR_JWT_ISSUER`, `RAWR_JWT_AUDIENCE`, `RAWR_JWT_JWKS` (file or URL), `RAWR_JWT_ALGORITHMS`,
    `RAWR_JWT_CALLER`, `INNGEST_SIGNING_KEY`, `INNGEST_SIGNING_KEY_FALLBACK`.
    """

    hq_dir: Path
    data_dir: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    mode: Mode = "development"
    max_body_bytes: int = _DEFAULT_BODY_BYTES
    body_seconds: int = _DEFAULT_BODY_SECONDS
    trusted_proxies: tuple[IPNetwork, ...] = ()
    trusted_cidrs: tuple[IPNetwork, ...] = ()
    internal_only: bool = False
    signing_key: str | None = field(default=None, repr=False)
    signing_key_fallback: str | None = field(default=None, repr=False)
    service_token: str | None = field(default=None, repr=False)
    service_tenant: str = "default"
    public_url: str | None = None
    rate_limit: int | None = _DEFAULT_RATE
    max_concurrency: int = _DEFAULT_CONCURRENCY
    engine: EngineKind = "embedded"
    app_id: str = _DEFAULT_APP_ID
    inngest: InngestSettings = field(default_factory=InngestSettings)
    keep_days: int = _DEFAULT_KEEP_DAYS
    max_steps: int = _DEFAULT_MAX_STEPS
    wait_lookback_seconds: int = _DEFAULT_WAIT_LOOKBACK_SECONDS
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_jwks: str | None = None
    jwt_algorithms: tuple[str, ...] = ()
    jwt_caller: str = "third-party"

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise SettingsError(problem)

    def _problems(self) -> Iterator[str]:
        token, host = self.service_token, self.host
        if token is not None and len(token) < _MIN_TOKEN_LENGTH:
            yield (
                "RAWR_SERVICE_TOKEN is too short; "
                f"use at least {_MIN_TOKEN_LENGTH} random characters"
            )
        if self.public_url is not None and origin_of(self.public_url) != self.public_url:
            yield f"RAWR_PUBLIC_URL={self.public_url}: write only scheme, host and port"
        if _APP_ID.fullmatch(self.app_id) is None:
            yield f"RAWR_APP_ID={self.app_id}: use a name such as acme-hq, at most 63 characters"
        if self.mode == "development" and host not in LOOPBACK:
            yield (
                f"RAWR_HOST={host}: development mode listens on loopback only, because it "
                "mints a token without asking anybody; use `rawr serve` to listen elsewhere"
            )
        if self.mode == "production":
            yield from self._production_problems(token, host)
        if self.engine == "inngest":
            yield from self._embedded_only()
            yield from self.inngest.problems(
                is_production=self.mode == "production",
                signing_keys={
                    "INNGEST_SIGNING_KEY": self.signing_key,
                    "INNGEST_SIGNING_KEY_FALLBACK": self.signing_key_fallback,
                },
                serve_origin=self.serve_origin,
            )

    def _embedded_only(self) -> Iterator[str]:
        for name, value, default in (
            ("RAWR_KEEP_DAYS", self.keep_days, _DEFAULT_KEEP_DAYS),
            ("RAWR_MAX_STEPS", self.max_steps, _DEFAULT_MAX_STEPS),
            (
                "RAWR_WAIT_LOOKBACK_SECONDS",
                self.wait_lookback_seconds,
                _DEFAULT_WAIT_LOOKBACK_SECONDS,
            ),
        ):
            if value != default:
                yield (
                    f"{name}={value} is for the engine inside, and with RAWR_ENGINE=inngest there "
                    "is none; set it at the Inngest server if it has the like, and unset it here"
                )

    def _production_problems(self, token: str | None, host: str) -> Iterator[str]:
        if token is not None and len(set(token)) < _MIN_TOKEN_VARIETY:
            yield "RAWR_SERVICE_TOKEN can be guessed; use random characters (openssl rand -hex 32)"
        for name, key in (
            ("INNGEST_SIGNING_KEY", self.signing_key),
            ("INNGEST_SIGNING_KEY_FALLBACK", self.signing_key_fallback),
        ):
            secret = (key or "").rpartition("-")[2]
            if key is not None and not _is_random(secret):
                yield (
                    f"{name} can be guessed; use the key of your Inngest server, or "
                    "signkey-prod-$(openssl rand -hex 32)"
                )
        if host not in LOOPBACK and self.public_url is None:
            yield (
                f"RAWR_HOST={host} is reached from other machines; set RAWR_PUBLIC_URL to the "
                "https:// address of the proxy in front, because cookies and tokens need TLS"
            )
        if self.public_url is not None and not self.is_public_url_safe:
            yield f"RAWR_PUBLIC_URL={self.public_url}: use https://, except on this machine"
        for name, networks in (
            ("RAWR_TRUSTED_PROXIES", self.trusted_proxies),
            ("RAWR_TRUSTED_CIDRS", self.trusted_cidrs if self.internal_only else ()),
        ):
            if any(network.prefixlen == 0 for network in networks):
                yield f"{name} holds the whole internet, so it guards nothing; name your networks"

    @property
    def is_public_url_safe(self) -> bool:
        """True if what browsers send there cannot be read on the way."""
        return is_safe(self.public_url or self.base_url)

    @property
    def serve_origin(self) -> str:
        """Where an Inngest server reaches the HQ."""
        return self.inngest.serve_origin or self.public_url or self.base_url

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """The keys that calls of functions may be signed with, the current one first."""
        keys = (self.signing_key, self.signing_key_fallback)
        return tuple(key for key in keys if key is not None)

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
            data_dir=data_dir_of(hq_dir, environ),
            host=environ.get("RAWR_HOST", "127.0.0.1"),
            port=_integer(environ, "RAWR_PORT", DEFAULT_PORT, low=0, high=65535),
            mode=mode,
            max_body_bytes=_integer(
                environ, "RAWR_MAX_BODY_BYTES", _DEFAULT_BODY_BYTES, low=1024, high=1 << 30
            ),
            body_seconds=_integer(
                environ, "RAWR_BODY_SECONDS", _DEFAULT_BODY_SECONDS, low=1, high=3600
            ),
            trusted_proxies=_networks(environ, "RAWR_TRUSTED_PROXIES"),
            trusted_cidrs=_networks(environ, "RAWR_TRUSTED_CIDRS"),
            internal_only=_truth(environ, "RAWR_INTERNAL_ONLY"),
            signing_key=environ.get("INNGEST_SIGNING_KEY") or None,
            signing_key_fallback=environ.get("INNGEST_SIGNING_KEY_FALLBACK") or None,
            service_token=environ.get("RAWR_SERVICE_TOKEN") or None,
            service_tenant=environ.get("RAWR_SERVICE_TENANT") or "default",
            public_url=environ.get("RAWR_PUBLIC_URL") or None,
            rate_limit=_integer(environ, "RAWR_RATE_LIMIT", _DEFAULT_RATE, low=0, high=1_000_000)
            or None,
            max_concurrency=_integer(
                environ, "RAWR_MAX_CONCURRENCY", _DEFAULT_CONCURRENCY, low=1, high=100_000
            ),
            engine=_engine(environ),
            app_id=environ.get("RAWR_APP_ID") or _DEFAULT_APP_ID,
            inngest=InngestSettings.from_environment(environ),
            keep_days=_integer(environ, "RAWR_KEEP_DAYS", _DEFAULT_KEEP_DAYS, low=0, high=36_500),
            max_steps=_integer(
                environ, "RAWR_MAX_STEPS", _DEFAULT_MAX_STEPS, low=1, high=1_000_000
            ),
            wait_lookback_seconds=_integer(
                environ,
                "RAWR_WAIT_LOOKBACK_SECONDS",
                _DEFAULT_WAIT_LOOKBACK_SECONDS,
                low=0,
                high=86_400,
            ),
            jwt_issuer=environ.get("RAWR_JWT_ISSUER") or None,
            jwt_audience=environ.get("RAWR_JWT_AUDIENCE") or None,
            jwt_jwks=environ.get("RAWR_JWT_JWKS") or None,
            jwt_algorithms=_parts(environ, "RAWR_JWT_ALGORITHMS"),
            jwt_caller=environ.get("RAWR_JWT_CALLER") or "third-party",
        )


def data_dir_of(hq_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where an HQ keeps its data."""
    return Path(environ.get("RAWR_DATA_DIR") or hq_dir.resolve() / ".rawr").resolve()


def _is_random(secret: str) -> bool:
    return len(secret) >= _MIN_TOKEN_LENGTH and len(set(secret)) >= _MIN_TOKEN_VARIETY


def _engine(environ: Mapping[str, str]) -> EngineKind:
    text = environ.get("RAWR_ENGINE") or "embedded"
    for kind in _ENGINES:
        if text == kind:
            return kind
    raise SettingsError(f"RAWR_ENGINE={text}: choose {' or '.join(_ENGINES)}")


def _parts(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part for text in environ.get(name, "").split(",") if (part := text.strip()))


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
    try:
        return tuple(ip_network(part) for part in _parts(environ, name))
    except ValueError as error:
        raise SettingsError(f"{name}: {error}; write networks such as 10.0.0.0/8") from error
