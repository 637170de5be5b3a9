"""The built files of a web plugin: read whole, known by their content."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from rawr.composition import CompositionError, WebSurface

_TEXT: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
_BINARY: Final = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_OTHER: Final = "application/octet-stream"
_WORTH_COMPRESSING: Final = 1024
_MAX_TOTAL_BYTES: Final = 64 * 1024 * 1024


class NotBuilt(CompositionError):
    """The files of a web plugin are missing; the message says how to build them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is served."""

    body: bytes
    gzipped: bytes | None
    """The body compressed, where that makes it smaller."""
    media_type: str
    digest: str
    """SHA-256 of the body, in hexadecimal digits."""


Assets = Mapping[str, Asset]
"""Files by their path from the plugin's directory, with slashes."""


@dataclass(slots=True)
class PluginFiles:
    """The files of one plugin; a live one sees what is built while the host runs."""

    capability: str
    surface: WebSurface
    hq_dir: Path
    is_live: bool
    _read: Assets | None = field(default=None)
    _seen: tuple[tuple[str, int, int], ...] = field(default=())

    def assets(self) -> Assets:
        """Every file, by path.

        Raises:
            NotBuilt: The entry is missing.
            CompositionError: The directory holds what must not be served.
        """
        if self._read is not None and not self.is_live:
            return self._read
        seen = tuple(_state_of(self.surface.directory))
        if self._read is None or seen != self._seen:
            self._read, self._seen = self._load(), seen
        return self._read

    def _load(self) -> Assets:
        if not (self.surface.directory / self.surface.entry).is_file():
            raise NotBuilt(
                f"the web plugin of {self.capability} is not built: "
                f"{self.surface.directory / self.surface.entry} is missing; build it: "
                f"rawr web build {self.hq_dir}"
            )
        return dict(_assets(self.capability, self.surface.directory))


def _assets(capability: str, directory: Path) -> Iterator[tuple[str, Asset]]:
    root, total = directory.resolve(), 0
    for path in _files(directory):
        if not path.resolve().is_relative_to(root):
            raise CompositionError(
                f"the web plugin of {capability}: {path} leads out of {directory}; copy what it "
                "points to"
            )
        body = path.read_bytes()
        total += len(body)
        if total > _MAX_TOTAL_BYTES:
            raise CompositionError(
                f"the web plugin of {capability}: {directory} holds more than "
                f"{_MAX_TOTAL_BYTES >> 20} MiB; is that the built directory?"
            )
        yield path.relative_to(directory).as_posix(), make_asset(path.name, body)


def make_asset(name: str, body: bytes) -> Asset:
    """A file's content as it is served, by the ending of its name."""
    suffix = PurePosixPath(name).suffix.lower()
    gzipped = None
    if suffix in _TEXT and len(body) >= _WORTH_COMPRESSING:
        gzipped = gzip.compress(body, mtime=0)
    return Asset(
        body=body,
        gzipped=gzipped,
        media_type=_TEXT.get(suffix) or _BINARY.get(suffix, _OTHER),
        digest=hashlib.sha256(body).hexdigest(),
    )


def _files(directory: Path) -> Iterator[Path]:
    """Every file that is not hidden; folders that are links are not entered."""
    for path in sorted(directory.rglob("*")):
        parts = path.relative_to(directory).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield path


def _state_of(directory: Path) -> Iterator[tuple[str, int, int]]:
    for path in _files(directory):
        found = path.stat()
        yield str(path), found.st_mtime_ns, found.st_size
