"""Reading a source tree: regular files under the root, bounded, symbolic links not followed."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ._markup import MARKUP
from ._report import Skipped

MAX_FILE_BYTES: Final = 1 << 20
MAX_FILES: Final = 50_000
MAX_DEPTH: Final = 64

_SCRIPTS: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_SOURCES: Final = (".py", *_SCRIPTS, *MARKUP)
_METADATA: Final = ("package.json", "pyproject.toml")
_IGNORED_FOLDERS: Final = frozenset(
    {"node_modules", "__pycache__", "venv", "dist", "build", "site-packages"}
)


class UnreadableTree(Exception):
    """The folder cannot be checked; the message says why."""


@dataclass(slots=True)
class RawTree:
    """The bytes of every source file, by path from the root, and what was left out."""

    files: dict[str, bytes] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)


def read_tree(root: Path) -> RawTree:
    """Read the sources and the plugin metadata of a tree.

    Raises:
        UnreadableTree: The root is no folder, or holds more than `MAX_FILES` sources.
    """
    if not root.is_dir():
        raise UnreadableTree(f"{root} is not a folder; give the folder that holds rawr_hq.py")
    raw = RawTree()
    for entry, path in _entries(root, raw):
        _read(entry, path, raw)
        if len(raw.files) > MAX_FILES:
            raise UnreadableTree(
                f"{root} holds more than {MAX_FILES} source files; give the folder of one HQ"
            )
    return raw


def _entries(root: Path, raw: RawTree) -> Iterator[tuple["os.DirEntry[str]", str]]:
    folders = [(str(root), "", 0)]
    while folders:
        folder, prefix, depth = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raw.skipped.append(Skipped(prefix or ".", f"cannot be listed: {error.strerror}"))
            continue
        for entry in entries:
            path = prefix + entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield entry, path
            elif depth >= MAX_DEPTH:
                raw.skipped.append(Skipped(path, f"more than {MAX_DEPTH} folders deep"))
            elif not _is_ignored(entry.name):
                folders.append((entry.path, path + "/", depth + 1))


def _read(entry: "os.DirEntry[str]", path: str, raw: RawTree) -> None:
    if entry.is_symlink():
        if path.endswith(_SOURCES) or Path(entry.path).is_dir():
            raw.skipped.append(Skipped(path, "a symbolic link; links are not followed"))
        return
    if not path.endswith(_SOURCES) and entry.name not in _METADATA:
        return
    try:
        found = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raw.skipped.append(Skipped(path, "not a regular file"))
        elif found.st_size > MAX_FILE_BYTES:
            raw.skipped.append(Skipped(path, f"larger than {MAX_FILE_BYTES >> 10} KiB"))
        else:
            raw.files[path] = Path(entry.path).read_bytes()
    except OSError as error:
        raw.skipped.append(Skipped(path, f"cannot be read: {error.strerror}"))


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in _IGNORED_FOLDERS
