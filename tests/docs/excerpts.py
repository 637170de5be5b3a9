"""Excerpts of files and listings of folders, compared with what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

_GAP = re.compile(r"^\s*# \.\.\.$", re.MULTILINE)
_ENTRY = re.compile(r"^(?P<indent>(?:│   |    )*)(?:├── |└── )(?P<name>\S+)")
_INDENT = 4
_UNLISTED = {"__init__.py", "__pycache__", ".rawr"}


def check_excerpt(text: str, file: Path) -> None:
    """The text consists of pieces of the file, whole lines, in the file's order."""
    content, start = f"\n{file.read_text()}", 0
    for piece in _GAP.split(text):
        lines = f"\n{piece.strip(chr(10))}\n"
        found = content.find(lines, start)
        assert found >= 0, f"this is not (or no longer, or not in this order) in {file}:\n{lines}"
        start = found + len(lines) - 1


def check_tree(text: str, root: Path) -> None:
    """Every listed path exists, and of a folder with listed entries none is left out.

    Empty `__init__.py` files are not listed.
    """
    listed = dict.fromkeys(_paths(text, root))
    missing = [str(path) for path in listed if not path.exists()]
    assert not missing, f"listed, but not there: {missing}"
    for folder in {root, *(path.parent for path in listed)}:
        there = {path for path in folder.iterdir() if not _is_unlisted(path)}
        left_out = sorted(str(path) for path in there - set(listed))
        assert not left_out, f"there, but not listed: {left_out}"


def _is_unlisted(path: Path) -> bool:
    return path.name in _UNLISTED and (path.is_dir() or not path.read_bytes())


def _paths(text: str, root: Path) -> Iterator[Path]:
    first, *lines = text.splitlines()
    assert first.split()[0].rstrip("/") == root.name, f"the tree starts with {root.name}/"
    parents = [root]
    for line in lines:
        entry = _ENTRY.match(line)
        assert entry is not None, f"not an entry of a tree: {line!r}"
        depth = len(entry["indent"]) // _INDENT
        path = parents[depth] / entry["name"].rstrip("/")
        parents[depth + 1 :] = [path]
        yield path
