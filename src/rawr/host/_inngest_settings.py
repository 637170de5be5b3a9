"""Which Inngest server executes an HQ's functions, in the variables of the official SDKs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from inngest._internal import const

from rawr.durable.protocol.signing import SigningKeyError, hash_signing_key

from ._addresses import is_on_this_machine, is_safe, origin_of

_FALSE: Final = frozenset({"", "0", "false"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InngestSettings:
    """Where the server is, and what proves the HQ to it.

    `INNGEST_DEV` (true, or the URL of a dev server), `INNGEST_BASE_URL`, `INNGEST_API_BASE_URL`,
    `INNGEST_EVENT_API_BASE_URL`, `INNGEST_EVENT_KEY`, `INNGEST_ENV` (a branch environment),
    `INNGEST_SERVE_ORIGIN` (where the server reaches the HQ).
    """

    dev: str | None = None
    base_url: str | None = None
    api_base_url: str | None = None
    event_api_base_url: str | None = None
    event_key: str | None = field(default=None, repr=False)
    env: str | None = None
    serve_origin: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables; what they hold is checked where it is used."""

        def read(name: str) -> str | None:
            return environ.get(name, "").strip() or None

        return cls(
            dev=read("INNGEST_DEV"),
            base_url=read("INNGEST_BASE_URL"),
            api_base_url=read("INNGEST_API_BASE_URL"),
            event_api_base_url=read("INNGEST_EVENT_API_BASE_URL"),
            event_key=read("INNGEST_EVENT_KEY"),
            env=read("INNGEST_ENV"),
            serve_origin=read("INNGEST_SERVE_ORIGIN"),
        )

    @property
    def is_dev(self) -> bool:
        """True for a dev server: it asks for no keys and signs nothing."""
        return (self.dev or "").lower() not in _FALSE

    @property
    def api_url(self) -> str:
        """Where functions are registered and runs are asked for."""
        default = const.DEV_SERVER_ORIGIN if self.is_dev else const.DEFAULT_API_ORIGIN
        return self._completed(self.api_base_url or self._both or default)

    @property
    def event_url(self) -> str:
        """Where events are sent."""
        default = const.DEV_SERVER_ORIGIN if self.is_dev else const.DEFAULT_EVENT_API_ORIGIN
        return self._completed(self.event_api_base_url or self._both or default)

    def problems(
        self, *, is_production: bool, signing_keys: Mapping[str, str | None], serve_origin: str
    ) -> Iterator[str]:
        """What keeps an HQ from working with that server, by variable."""
        if is_production and self.is_dev:
            yield (
                f"INNGEST_DEV={self.dev}: a dev server asks for no keys, so anybody could run "
                "functions; unset it, or use `rawr dev`"
            )
        yield from self._missing_keys(signing_keys)
        yield from self._bad_urls(is_production=is_production)
        yield from self._bad_origin(serve_origin, is_production=is_production)

    def _missing_keys(self, signing_keys: Mapping[str, str | None]) -> Iterator[str]:
        needed = {
            "INNGEST_EVENT_KEY": self.event_key,
            "INNGEST_SIGNING_KEY": signing_keys.get("INNGEST_SIGNING_KEY"),
        }
        for name, key in needed.items():
            if key is None and not self.is_dev:
                yield (
                    f"{name} is missing: RAWR_ENGINE=inngest needs the key of the server at "
                    f"{self.api_url}, or INNGEST_DEV=1 for a dev server on this machine"
                )
        for name, key in signing_keys.items():
            try:
                hash_signing_key(key or "")
            except SigningKeyError as error:
                yield f"{name}: {error}"

    def _bad_urls(self, *, is_production: bool) -> Iterator[str]:
        given = {
            "INNGEST_API_BASE_URL": self.api_base_url,
            "INNGEST_EVENT_API_BASE_URL": self.event_api_base_url,
            "INNGEST_BASE_URL": self.base_url,
            "INNGEST_DEV": self._dev_url,
        }
        for name, text in given.items():
            if text is None:
                continue
            url = self._completed(text)
            if origin_of(url) != url.rstrip("/"):
                yield f"{name}={text}: write only scheme, host and port"
            elif is_production and not is_safe(url):
                yield (
                    f"{name}={text}: use https://, except on this machine; events and results "
                    "could be read on the way"
                )
        if self.is_dev and not is_on_this_machine(self.api_url):
            yield (
                f"INNGEST_DEV={self.dev}: {self.api_url} is another machine, and a dev server "
                "proves nothing; use a server with keys there"
            )

    def _bad_origin(self, origin: str, *, is_production: bool) -> Iterator[str]:
        name = "RAWR_PUBLIC_URL" if self.serve_origin is None else "INNGEST_SERVE_ORIGIN"
        if origin_of(origin) != origin:
            yield f"INNGEST_SERVE_ORIGIN={origin}: write only scheme, host and port"
        elif is_on_this_machine(origin) and not is_on_this_machine(self.api_url):
            yield (
                f"the Inngest server at {self.api_url} cannot call functions at {origin}; set "
                "INNGEST_SERVE_ORIGIN to the address it reaches this HQ at"
            )
        elif is_production and not is_safe(origin):
            yield (
                f"{name}={origin}: use https://, except on this machine; the server sends what "
                "functions work on there"
            )

    @property
    def _both(self) -> str | None:
        return self.base_url or self._dev_url

    @property
    def _dev_url(self) -> str | None:
        text = self.dev or ""
        return text if self.is_dev and (":" in text or "." in text) else None

    def _completed(self, text: str) -> str:
        """A URL as the SDKs read it: a scheme may be left out."""
        if not text.startswith("http"):
            text = f"{'http' if self.is_dev else 'https'}://{text}"
        return text.rstrip("/")
