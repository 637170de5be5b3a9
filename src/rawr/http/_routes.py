"""Where a request leads: flat tables for RPC, a trie of path segments for OpenAPI."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

from typing_extensions import override

from rawr.contract import ContractError
from rawr.wire.path import encode_path, lookup_path

from ._codec import Address, Matcher
from ._operation import Operation, Operations, unloadable
from ._request import Match

NO_PARAMS: Final[Mapping[str, str]] = MappingProxyType({})


class RPCMatcher(Matcher):
    """Exact lookup by encoded path, whatever the method (RPC protocol v1, matching).

    Where lazy routers have no contract, the path is followed to the one that is needed.
    """

    __slots__ = ("_by_path", "_by_raw_path", "_operations", "_prefix")

    def __init__(self, operations: Operations, prefix: str) -> None:
        self._prefix = prefix
        self._operations = operations
        self._by_path: dict[str, Match] = {
            encode_path(operation.path): (operation, NO_PARAMS)
            for operation in (operations if operations.is_described else ())
        }
        self._by_raw_path = {
            (prefix + path).encode(): match for path, match in self._by_path.items()
        }

    @override
    def address(self, operation: Operation) -> Address | None:
        """See `Matcher.address`; a procedure declared with `GET` can be `POST`ed to as well."""
        return "POST", (self._prefix + encode_path(operation.path)).encode()

    @override
    def match(self, method: str, path: bytes) -> Match | None:
        """See `Matcher.match`."""
        found = self._by_raw_path.get(path)
        if found is not None:
            return found
        key = lookup_path(path, self._prefix)
        if key is None:
            return None
        return self._by_path.get(key) or self._follow(key)

    def _follow(self, key: str) -> Match | None:
        if self._operations.is_described:
            return None
        segments = tuple(map(unquote, key[1:].split("/")))
        if encode_path(segments) != key:
            return None
        operation = self._operations.find(segments)
        return None if operation is None else (operation, NO_PARAMS)


class OpenAPIMatcher(Matcher):
    """Lookup by method and path pattern: static before `{param}` before `{+rest}`.

    Only their contracts say which paths lead into lazy routers: those without one are loaded
    by the first request under the prefix.

    Raises:
        ContractError: Two operations answer the same requests, or a path is no pattern.
    """

    __slots__ = ("_is_filled", "_operations", "_prefix", "_root", "_static")

    def __init__(self, operations: Operations, prefix: str) -> None:
        self._prefix = prefix
        self._operations = operations
        self._is_filled = False
        self._root = _Node()
        self._static: dict[tuple[str, bytes], Match] = {}
        """Paths without parameters, as almost all clients send them."""
        if operations.is_described:
            self._fill()

    @override
    def address(self, operation: Operation) -> Address | None:
        """See `Matcher.address`."""
        pattern = PathPattern.of(operation)
        if operation.method == "GET" or pattern.params:
            return None
        return operation.method, (self._prefix + pattern.text).encode()

    @override
    def match(self, method: str, path: bytes) -> Match | None:
        """See `Matcher.match`."""
        found = self._static.get((method, path))
        if found is not None:
            return found
        key = lookup_path(path, self._prefix)
        if key is None:
            return None
        if not self._is_filled:
            try:
                self._fill()
            except ContractError as error:
                return unloadable((), error), NO_PARAMS
        segments = [] if key == "/" else key.split("/")[1:]
        leaf = _find(self._root, method, segments, 0)
        if leaf is None:
            return None
        return leaf.operation, leaf.read_params(segments) if leaf.params else NO_PARAMS

    def _fill(self) -> None:
        self._root, self._static = _Node(), {}
        for operation in self._operations:
            self._add(operation)
        self._is_filled = True

    def _add(self, operation: Operation) -> None:
        pattern = PathPattern.of(operation)
        node, params = self._root, list[tuple[int, str]]()
        for index, segment in enumerate(pattern.segments):
            name = segment.param
            if name is None:
                node = node.static.setdefault(segment.text, _Node())
                continue
            params.append((index, name))
            if segment.takes_rest:
                node.rest = node = node.rest or _Node()
            else:
                node.param = node = node.param or _Node()
        leaf = _Leaf(operation, tuple(params), takes_rest=pattern.takes_rest)
        taken = node.leaves.setdefault(operation.method, leaf)
        if taken is not leaf:
            raise ContractError(
                f"{taken.operation.name} and {operation.name} both answer "
                f"{operation.method} {pattern.text}; give one of them another path"
            )
        if not params:
            raw_path = (self._prefix + pattern.text).encode()
            self._static[operation.method, raw_path] = (operation, NO_PARAMS)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a path pattern: literal text, `{param}` or `{+rest}`."""

    text: str
    param: str | None = None
    takes_rest: bool = False


@dataclass(frozen=True, slots=True)
class PathPattern:
    """The path of an operation, parsed (OpenAPI protocol, routing)."""

    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def of(cls, operation: Operation) -> "PathPattern":
        """The pattern of an operation; where the contract has none, its place's path."""
        path = operation.route.path
        return cls.parse(encode_path(operation.path) if path is None else path)

    @classmethod
    def parse(cls, path: str) -> "PathPattern":
        """Parse a path, forgiving doubled slashes and one at the end.

        Raises:
            ContractError: `{+rest}` is not last, or a name is used twice.
        """
        segments = tuple(_segment(text) for text in path.split("/") if text)
        names = [segment.param for segment in segments if segment.param is not None]
        if len(names) != len(set(names)):
            raise ContractError(f"{path!r} uses a parameter name twice")
        if any(segment.takes_rest for segment in segments[:-1]):
            raise ContractError(f"{path!r}: {{+rest}} takes all that follows; put it last")
        return cls("/" + "/".join(segment.text for segment in segments), segments)

    @property
    def takes_rest(self) -> bool:
        """Whether the last segment is `{+rest}`."""
        return bool(self.segments) and self.segments[-1].takes_rest

    @property
    def params(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(segment.param for segment in self.segments if segment.param is not None)


_PARAM: Final = re.compile(r"\{(\+?)([^{}]+)\}")


def _segment(text: str) -> Segment:
    found = _PARAM.fullmatch(text)
    return Segment(text) if found is None else Segment(text, found[2], takes_rest=bool(found[1]))


@dataclass(frozen=True, slots=True)
class _Leaf:
    operation: Operation
    params: tuple[tuple[int, str], ...]
    takes_rest: bool

    def read_params(self, segments: Sequence[str]) -> dict[str, str]:
        values = {name: _decode(segments[index]) for index, name in self.params}
        if self.takes_rest:
            index, name = self.params[-1]
            values[name] = _decode("/".join(segments[index:]))
        return values


@dataclass(slots=True)
class _Node:
    static: "dict[str, _Node]" = field(default_factory=dict)
    param: "_Node | None" = None
    rest: "_Node | None" = None
    leaves: dict[str, _Leaf] = field(default_factory=dict)


def _find(node: _Node, method: str, segments: Sequence[str], index: int) -> _Leaf | None:
    """The best leaf at or below a node; each node is visited at most once."""
    if index == len(segments):
        return node.leaves.get(method)
    segment = segments[index]
    child = node.static.get(segment)
    leaf = None if child is None else _find(child, method, segments, index + 1)
    if leaf is None and node.param is not None and segment:
        leaf = _find(node.param, method, segments, index + 1)
    if leaf is None and node.rest is not None and any(segments[index:]):
        leaf = node.rest.leaves.get(method)
    return leaf


_BAD_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")


def _decode(text: str) -> str:
    """As `decodeURIComponent`; text it would refuse stays as it is."""
    if "%" not in text or _BAD_ESCAPE.search(text):
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return text
