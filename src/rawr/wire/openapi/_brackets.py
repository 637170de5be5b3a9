"""Bracket notation: nested values as flat names (OpenAPI protocol, bracket notation)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from rawr.schema import UNDEFINED, File, Json
from rawr.wire._errors import DecodeError
from rawr.wire._json import MAX_DEPTH

MAX_ARRAY_INDEX: Final = 9999
"""The largest index that still makes an array; a larger one makes an object."""

MAX_HOLES: Final = 100_000
"""How many indexes may be skipped in all arrays of one form together."""

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_SPECIAL: Final = re.compile(r"[\\\[\]]")


def parse_path(name: str) -> list[str]:
    """The segments of a name; a name that is no well-formed path is one segment.

    >>> parse_path("a[b][]")
    ['a', 'b', '']
    """
    if "[" not in name:
        return [name]
    segments: list[str] = []
    segment: list[str] = []
    in_brackets = False
    backslashes = 0
    index, end = 0, len(name)
    while index < end:
        char = name[index]
        escaped = backslashes % 2 == 1
        if in_brackets and char == "]" and not escaped and name[index + 1 : index + 2] in ("", "["):
            in_brackets = index + 1 < end
            segments.append("".join(segment))
            segment.clear()
            index += 1  # the bracket that opens the next group, if any
        elif not segments and char == "[" and not escaped:
            in_brackets = True
            segments.append("".join(segment))
            segment.clear()
        elif char == "\\":
            backslashes += 1
        else:
            segment.append("\\" * (backslashes // 2) + char)
            backslashes = 0
        index += 1
    return [name] if in_brackets or not segments else segments


def stringify_path(segments: Iterable[str | int]) -> str:
    """The name of a path; brackets and backslashes in it get a backslash.

    >>> stringify_path(["a", 0, "b"])
    'a[0][b]'
    """
    escaped = [_escape(segment) for segment in segments]
    return "".join([*escaped[:1], *(f"[{segment}]" for segment in escaped[1:])])


def _escape(segment: str | int) -> str:
    return _SPECIAL.sub(r"\\\g<0>", str(segment))


def flatten(tree: Json) -> Iterator[tuple[str, Any]]:
    """The leaves of a JSON tree (text, numbers, files, null) under their names."""
    return _flatten(tree, "", is_root=True)


def _flatten(tree: Json, name: str, *, is_root: bool = False) -> Iterator[tuple[str, Any]]:
    if type(tree) is dict:
        children: Iterable[tuple[Any, Any]] = tree.items()
    elif type(tree) is list:
        children = enumerate(tree)
    else:
        yield name, tree
        return
    for key, child in children:
        segment = _escape(key)
        yield from _flatten(child, segment if is_root else f"{name}[{segment}]")


def unflatten(
    entries: Iterable[tuple[str, str | File]], *, max_array_index: int = MAX_ARRAY_INDEX
) -> dict[str, Any] | list[Any]:
    """The nested value of named leaves; indexes an array skips hold `UNDEFINED`.

    Raises:
        DecodeError: A name nests deeper than `MAX_DEPTH`, or arrays skip too many indexes.
    """
    tree = _Tree(max_array_index)
    for name, value in entries:
        tree.add(parse_path(name), value)
    return tree.build()


@dataclass(slots=True)
class _Array:
    """A sparse array; `pushed` means it was filled by names ending in `[]`."""

    items: dict[int, Any] = field(default_factory=dict)
    length: int = 0
    pushed: bool = False

    def __setitem__(self, segment: str, value: object) -> None:
        index = int(segment)
        self.items[index] = value
        self.length = max(self.length, index + 1)

    def __getitem__(self, segment: str) -> object:
        return self.items[int(segment)]

    def get(self, segment: str) -> object:
        return self.items.get(int(segment))

    def __contains__(self, segment: str) -> bool:
        return int(segment) in self.items

    def push(self, value: object) -> None:
        self.items[self.length] = value
        self.length += 1

    def to_object(self) -> dict[str, Any]:
        """The object this array becomes when a name does not fit an array."""
        if not self.pushed:
            return {str(index): item for index, item in sorted(self.items.items())}
        self.pushed = False
        return {"": self.items[0] if self.length == 1 else self}


class _Tree:
    """Arrays and objects as they grow, name by name."""

    def __init__(self, max_array_index: int) -> None:
        self._max_array_index = max_array_index
        self._root: dict[str, Any] = {}
        self._holes = 0

    def add(self, segments: list[str], value: str | File) -> None:
        if len(segments) > MAX_DEPTH:
            raise DecodeError(f"A form field name nests deeper than {MAX_DEPTH} levels")
        holder: Any = self._root
        key = "root"
        last = len(segments) - 1
        for position, segment in enumerate(segments):
            container = holder.get(key)
            if not isinstance(container, _Array | dict):
                holder[key] = container = _Array()
            if isinstance(container, _Array) and not self._fits(
                container, segment, is_last=position == last
            ):
                holder[key] = container = container.to_object()
            holder, key = container, segment
        _put(holder, key, value)

    def _fits(self, array: _Array, segment: str, *, is_last: bool) -> bool:
        if not is_last:
            return self._is_index(segment)
        if segment == "":
            return array.pushed or not array.length
        return not array.pushed and self._is_index(segment)

    def _is_index(self, segment: str) -> bool:
        return _INDEX.fullmatch(segment) is not None and int(segment) <= self._max_array_index

    def build(self) -> dict[str, Any] | list[Any]:
        built: dict[str, Any] | list[Any] = self._build(self._root["root"]) if self._root else {}
        return built

    def _build(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {key: self._build(item) for key, item in node.items()}
        if not isinstance(node, _Array):
            return node
        self._holes += node.length - len(node.items)
        if self._holes > MAX_HOLES:
            raise DecodeError(f"The form skips more than {MAX_HOLES} array indexes")
        array: list[Any] = [UNDEFINED] * node.length
        for index, item in node.items.items():
            array[index] = self._build(item)
        return array


def _put(holder: _Array | dict[str, Any], key: str, value: str | File) -> None:
    if isinstance(holder, _Array) and key == "":
        holder.pushed = True
        holder.push(value)
    elif key not in holder:
        holder[key] = value
    else:
        existing = holder[key]
        if isinstance(existing, _Array):
            existing.push(value)
        else:
            holder[key] = pair = _Array()
            pair.push(existing)
            pair.push(value)
