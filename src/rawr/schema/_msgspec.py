"""The msgspec adapter: Structs."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import msgspec

from ._adapter import REF_TEMPLATE, SchemaMode
from ._issue import Issue, SchemaError, UndescribableType
from ._values import File, RegExp, Url
from ._whole import with_whole_numbers

T = TypeVar("T")

_AT_PATH = re.compile(r"^(?P<message>.*) - at `(?P<path>[^`]*)`$", re.DOTALL)
_SEGMENT = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<index>\d+)\]")


class MsgspecAdapter(Generic[T]):
    """Adapts a msgspec Struct, or a type made of Structs, such as a list of them."""

    __slots__ = ("_instances", "_source")

    def __init__(self, source: Any) -> None:
        self._source = source
        self._instances: type[Any] | None = source if isinstance(source, type) else None

    def __repr__(self) -> str:
        return f"MsgspecAdapter({self._source!r})"

    def __eq__(self, other: object) -> bool:
        """Equal to another adapter of the very same type: what one says the other says too."""
        return isinstance(other, MsgspecAdapter) and other._source is self._source

    def __hash__(self) -> int:
        return id(self._source)

    def validate(self, value: object) -> T:
        """See `SchemaAdapter.validate`; msgspec reports the first issue only."""
        if self._instances is not None and isinstance(value, self._instances):
            return cast("T", value)
        try:
            return self._converted(value)
        except msgspec.ValidationError as error:
            whole = with_whole_numbers(value)
            if whole is value:
                raise SchemaError([_issue(str(error))]) from None
        try:
            return self._converted(whole)
        except msgspec.ValidationError as error:
            raise SchemaError([_issue(str(error))]) from None

    def _converted(self, value: object) -> T:
        converted: T = msgspec.convert(value, self._source, dec_hook=_read_native)
        return converted

    def dump(self, value: T) -> object:
        """See `SchemaAdapter.dump`."""
        return msgspec.to_builtins(value, builtin_types=_NATIVE_LEAVES)

    def json_schema(
        self,
        mode: SchemaMode = "input",  # noqa: ARG002 - a Struct reads what it writes
        *,
        ref_template: str = REF_TEMPLATE,
    ) -> dict[str, object]:
        """See `SchemaAdapter.json_schema`."""
        try:
            (root,), definitions = msgspec.json.schema_components(
                [self._source],
                schema_hook=_native_schema,
                ref_template=ref_template.replace("{model}", "{name}"),
            )
        except TypeError as error:
            raise UndescribableType(self._source, str(error).rpartition("\n")[2]) from error
        name = str(root.get("$ref", "")).rpartition("/")[2]
        inlined: dict[str, Any] = definitions.pop(name) if name in definitions else root
        return {**inlined, "$defs": definitions} if definitions else inlined


_NATIVE_LEAVES = (bytes, dt.date, dt.datetime, Decimal, UUID, File, RegExp, Url)
_NATIVE_SCHEMAS: Mapping[type, dict[str, object]] = {
    File: {"type": "string", "contentMediaType": "*/*"},
    RegExp: {"type": "string", "format": "regex", "x-native-type": "regexp"},
    Url: {"type": "string", "format": "uri", "x-native-type": "url"},
}


def _read_native(kind: type, value: object) -> object:
    """Called where the Struct wants one of our own types; the codec has made the others."""
    if kind is Url and isinstance(value, str):
        return Url(value)
    if isinstance(value, kind):
        return value
    raise ValueError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")


def _native_schema(kind: type) -> dict[str, object]:
    schema = _NATIVE_SCHEMAS.get(kind)
    if schema is None:
        raise NotImplementedError
    return dict(schema)


def _issue(text: str) -> Issue:
    found = _AT_PATH.match(text)
    if found is None:
        return Issue(message=text)
    path = tuple(
        match["key"] if match["index"] is None else int(match["index"])
        for match in _SEGMENT.finditer(found["path"].removeprefix("$"))
    )
    return Issue(message=found["message"], path=path)
