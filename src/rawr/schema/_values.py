"""Values of the wire that Python has no type for."""

import re
from collections.abc import Mapping
from enum import Enum, EnumType
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias, TypeVar, get_args

from typing_extensions import override

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema


class OpaqueEnumType(EnumType):
    """The type of enums that pydantic does not take for their values.

    It reads any plain enum member where text or a number is wanted, and `undefined` is
    neither.
    """


class Undefined(Enum, metaclass=OpaqueEnumType):
    """JavaScript's `undefined`: absent, as opposed to `None`, which is `null`."""

    UNDEFINED = "undefined"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        return _instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: "CoreSchema", _handler: "GetJsonSchemaHandler"
    ) -> dict[str, object]:
        return {"not": {}}

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined.UNDEFINED
"""The one value of `Undefined`."""

Json: TypeAlias = Any
"""A decoded JSON value: the one place where a type is given up, at the edge."""


class Url(str):
    """A URL that travels as a URL (`URL` in JavaScript), not as a plain string."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(cls, handler(str))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: "CoreSchema", _handler: "GetJsonSchemaHandler"
    ) -> dict[str, object]:
        return {"type": "string", "format": "uri", "x-native-type": "url"}


_PYTHON_FLAGS: Final[Mapping[str, re.RegexFlag]] = {
    "i": re.IGNORECASE,
    "m": re.MULTILINE,
    "s": re.DOTALL,
}


NATIVE_TYPE: Final = "x-native-type"
"""What JSON Schema, and the metadata of a core schema, call a type of JavaScript."""

_REGEXP: Final = re.compile(r"/(.*)/([dgimsuvy]*)")

K = TypeVar("K")
V = TypeVar("V")


class Map(dict[K, V]):
    """A dict that travels as a JavaScript `Map`, not as a plain object.

    A plain dict travels as a `Map` too once one of its keys is not a string. As a declared
    type, `Map[str, int]` takes dicts and lists of pairs.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        from pydantic_core import core_schema

        plain: Any = dict
        entries: Any = handler.generate_schema(plain[get_args(source) or (Any, Any)])
        entries["metadata"] = {**entries.get("metadata", {}), NATIVE_TYPE: "map"}
        return core_schema.no_info_after_validator_function(cls, entries)

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({super().__repr__()})"


class KeyedDict(Map[K, V]):
    """A dict declared with keys that are not text, dumped.

    It is a `Map` wherever JavaScript reads it, and an object where only JSON is asked for.
    """

    __slots__ = ()


class _Whole:
    """An immutable value that schema libraries leave whole.

    pydantic and msgspec take a dataclass or Struct apart wherever they meet one, whatever
    its own schema says; a codec must get these values as they are.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Whole) or type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    @override
    def __hash__(self) -> int:
        return hash((type(self), *self._values()))

    @override
    def __repr__(self) -> str:
        fields = (f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({', '.join(fields)})"

    @override
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; make another one")


class RegExp(_Whole):
    """A JavaScript regular expression, kept as text until somebody asks for it.

    Compiling is lazy because a pattern that arrives over the wire may be hostile or may
    use syntax Python's `re` does not know.
    """

    __match_args__ = ("source", "flags")

    source: str
    flags: str

    def __init__(self, source: str, flags: str = "") -> None:
        vars(self).update(source=source, flags=flags)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The Python equivalent; raises `re.error` if Python cannot express it."""
        flags = re.NOFLAG
        for letter in self.flags:
            flags |= _PYTHON_FLAGS.get(letter, re.NOFLAG)
        return re.compile(self.source, flags)

    @override
    def __str__(self) -> str:
        return f"/{self.source}/{self.flags}"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(_regexp_of_text, _instance_schema(cls))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: "CoreSchema", _handler: "GetJsonSchemaHandler"
    ) -> dict[str, object]:
        return {"type": "string", "format": "regex", "x-native-type": "regexp"}


class File(_Whole):
    """A file or blob: bytes with a media type and a name (`Blob`/`File` in JavaScript)."""

    __match_args__ = ("content", "media_type", "name")

    content: bytes
    media_type: str
    name: str

    def __init__(self, content: bytes, media_type: str = "", name: str = "blob") -> None:
        vars(self).update(content=content, media_type=media_type, name=name)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        return _instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: "CoreSchema", _handler: "GetJsonSchemaHandler"
    ) -> dict[str, object]:
        return {"type": "string", "contentMediaType": "*/*"}


def _regexp_of_text(value: object) -> object:
    """What plain JSON has of a regular expression: `/source/flags`."""
    found = _REGEXP.fullmatch(value) if type(value) is str else None
    return value if found is None else RegExp(found[1], found[2])


def _instance_schema(cls: type) -> "CoreSchema":
    """Instances only: the codec has made them, or takes them as they are."""
    from pydantic_core import core_schema

    return core_schema.is_instance_schema(cls)
