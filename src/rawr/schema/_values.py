"""Values of the wire that Python has no type for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema


class Undefined(Enum):
    """JavaScript's `undefined`: absent, as opposed to `None`, which is `null`."""

    UNDEFINED = "undefined"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined.UNDEFINED

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


@dataclass(frozen=True)
class RegExp:
    """A JavaScript regular expression, kept as text until somebody asks for it.

    Compiling is lazy because a pattern that arrives over the wire may be hostile or may
    use syntax Python's `re` does not know.
    """

    source: str
    flags: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The Python equivalent; raises `re.error` if Python cannot express it."""
        flags = re.NOFLAG
        for letter in self.flags:
            flags |= _PYTHON_FLAGS.get(letter, re.NOFLAG)
        return re.compile(self.source, flags)

    def __str__(self) -> str:
        return f"/{self.source}/{self.flags}"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        return _instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: "CoreSchema", _handler: "GetJsonSchemaHandler"
    ) -> dict[str, object]:
        return {"type": "string", "format": "regex", "x-native-type": "regexp"}


@dataclass(frozen=True, slots=True)
class File:
    """A file or blob: bytes with a media type and a name (`Blob`/`File` in JavaScript)."""

    content: bytes
    media_type: str = ""
    name: str = "blob"

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


def _instance_schema(cls: type) -> "CoreSchema":
    """Instances only, kept whole when dumped: the codec knows how they travel."""
    from pydantic_core import core_schema

    whole = core_schema.plain_serializer_function_ser_schema(lambda value: value)
    return core_schema.is_instance_schema(cls, serialization=whole)
