"""The one port between the platform and a schema library."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, get_args, runtime_checkable

R = TypeVar("R")
T = TypeVar("T")

SchemaMode: TypeAlias = Literal["input", "output"]
"""Whether a JSON Schema describes what is accepted or what is emitted."""

REF_TEMPLATE = "#/components/schemas/{model}"
"""Where shared definitions live in an OpenAPI document."""


class SchemaAdapter(Protocol[T]):
    """Validates, dumps and describes the values of one type."""

    def validate(self, value: object) -> T:
        """Turn a decoded wire value (or an instance) into a `T`.

        Booleans, numbers and text are what JSON says they are, unless the type itself is lax.

        Raises:
            SchemaError: With every issue found and its path, in wire names.
        """
        ...

    def dump(self, value: T) -> object:
        """Turn a `T` into wire values: dicts with wire names, lists, native leaf values."""
        ...

    def json_schema(
        self, mode: SchemaMode = "input", *, ref_template: str = REF_TEMPLATE
    ) -> dict[str, object]:
        """JSON Schema 2020-12 of the type; shared definitions under `$defs`.

        Raises:
            UndescribableType: There is none, such as for a function.
        """
        ...


@runtime_checkable
class EmittedSchema(Protocol):
    """An adapter that also knows which properties are there in whatever it dumps."""

    def emitted_json_schema(self, *, ref_template: str = REF_TEMPLATE) -> dict[str, object]:
        """The output's JSON Schema, requiring what is always emitted, defaults included."""
        ...


@runtime_checkable
class ProducedSchema(Protocol):
    """An adapter that takes more from those who answer a call than from those who make it."""

    def validate_produced(self, value: object) -> Any:
        """Turn what a handler has made, or a server answered, into a `T`, as Python would.

        Raises:
            SchemaError: See `SchemaAdapter.validate`.
        """
        ...


RecordWriterFor: TypeAlias = Callable[
    [type, Mapping[str, str], Callable[[object], R]], Callable[[object], R]
]
"""Makes what encodes instances of a class with plain members; see `DirectSchema.writer`."""


@runtime_checkable
class DirectSchema(Protocol):
    """An adapter that can put its library's own functions next to a codec's, for hot paths.

    These fail with errors of the library: who gets one asks the adapter, which explains it.
    """

    def validator(self) -> Callable[[object], Any]:
        """What validates."""
        ...

    def writer(
        self,
        encode: Callable[[object], R],
        record_writer: RecordWriterFor[R],
    ) -> Callable[[object], R]:
        """What validates, dumps and encodes.

        `record_writer` makes what encodes instances of a class with plain members, by the
        names these have on the wire, and leaves all else to another function: there are
        classes whose instances need neither validation nor a dump then.
        """
        ...


_PORT = ("validate", "dump", "json_schema")


def produced(schema: SchemaAdapter[T]) -> Callable[[object], T]:
    """How a schema validates what a handler has made, or a server answered."""
    return schema.validate_produced if isinstance(schema, ProducedSchema) else schema.validate


def adapt(source: Any) -> SchemaAdapter[Any]:
    """The adapter for a type: msgspec where Structs are in it, pydantic for everything else.

    An adapter passes through unchanged, so both may be given wherever a schema is asked for.
    """
    if not isinstance(source, type) and all(hasattr(type(source), name) for name in _PORT):
        adapter: SchemaAdapter[Any] = source
        return adapter
    if _holds_struct(source):
        from ._msgspec import MsgspecAdapter

        return MsgspecAdapter(source)
    from ._pydantic import PydanticAdapter

    return PydanticAdapter(source)


def _holds_struct(source: Any) -> bool:
    return hasattr(source, "__struct_fields__") or any(map(_holds_struct, get_args(source)))
