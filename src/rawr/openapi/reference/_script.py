"""The script that renders a reference page: bundled, a file, or one from elsewhere."""

import gzip
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

ASSETS: Final = files("rawr.openapi.reference") / "assets"
_BUNDLE: Final = "scalar/standalone.js.gz"
_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalScript:
    """A script that is served beside its page, compressed once for all."""

    compressed: bytes

    def plain(self) -> bytes:
        """For clients that do not take it compressed."""
        return gzip.decompress(self.compressed)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteScript:
    """A script that browsers load from another host."""

    url: str

    @property
    def origin(self) -> str:
        """What a page must trust to run it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def find_script(given: Path | str | None) -> LocalScript | RemoteScript | None:
    """The script that was given, else the bundled one; None where there is none.

    Raises:
        ValueError: The URL is not an absolute one.
        OSError: The file cannot be read.
    """
    if isinstance(given, str):
        if urlsplit(given).scheme not in ("http", "https") or not urlsplit(given).netloc:
            raise ValueError(
                f"{given!r} is no absolute URL of a script; give a Path for a file of this machine"
            )
        return RemoteScript(url=given)
    if given is not None:
        return _local(given.read_bytes())
    bundled = ASSETS.joinpath(_BUNDLE)
    return _local(bundled.read_bytes()) if bundled.is_file() else None


def _local(content: bytes) -> LocalScript:
    is_compressed = content.startswith(_GZIP_MAGIC)
    return LocalScript(compressed=content if is_compressed else gzip.compress(content, mtime=0))
