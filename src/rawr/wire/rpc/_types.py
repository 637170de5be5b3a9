"""The type tags of RPC protocol v1 and the types an application adds."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

from rawr.schema import Json


class Tag(IntEnum):
    """The built-in type tags (RPC protocol v1, type tags)."""

    BIGINT = 0
    DATE = 1
    NAN = 2
    UNDEFINED = 3
    URL = 4
    REGEXP = 5
    SET = 6
    MAP = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomType:
    """An application's own type on the wire; both ends must know it.

    Tags from 20 up are free for applications; a lower tag replaces the built-in type.
    `serialize` may return anything that travels itself; `deserialize` gets that back and
    may raise `ValueError` or `TypeError` to refuse it.
    """

    tag: int
    type: type[Any]
    serialize: Callable[[Any], object]
    deserialize: Callable[[Any], object]


def check_custom_types(types: tuple[CustomType, ...]) -> None:
    """Refuse tags used twice, and types that JSON itself has."""
    tags = [custom.tag for custom in types]
    if len(tags) != len(set(tags)):
        raise ValueError(f"Custom type tags must be unique, got {sorted(tags)}")
    for custom in types:
        if custom.type in _JSON_TYPES:
            raise ValueError(
                f"{custom.type.__name__} is JSON already; give the tag a class of its own"
            )


_JSON_TYPES = (str, bool, int, type(None))

Path: TypeAlias = tuple[str | int, ...]
MetaEntry: TypeAlias = list[Any]
Payload: TypeAlias = dict[str, Json]
"""`{"json", "meta", "maps"}`, each left out where there is nothing to say."""
