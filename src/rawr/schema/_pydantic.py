"""The pydantic adapter: models, dataclasses, TypedDicts and plain types."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pydantic
from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core.core_schema import (
    DataclassField,
    DictSchema,
    ModelField,
    TypedDictField,
    WithDefaultSchema,
    any_schema,
)
from typing_extensions import override

from ._adapter import REF_TEMPLATE, RecordWriterFor, SchemaMode
from ._entries import with_entries
from ._issue import Issue, SchemaError, UndescribableType
from ._native import is_dumped_as_map, is_map, native_dump
from ._record import Record
from ._strict import patient_validate, plain_validate, strict_validate
from ._values import UNDEFINED
from ._words import in_json_words

R = TypeVar("R")
T = TypeVar("T")

_JSON_SCHEMA_MODES: dict[SchemaMode, JsonSchemaMode] = {
    "input": "validation",
    "output": "serialization",
}


class PydanticAdapter(Generic[T]):
    """Adapts any type pydantic understands.

    The type adapter is built on first use: contracts are declared at import, and building
    validators for every procedure of an HQ there would make import slow.
    """

    __slots__ = ("_dump", "_patient", "_produced", "_source", "_type_adapter", "_validate")

    def __init__(self, source: Any) -> None:
        self._source = source
        self._type_adapter: TypeAdapter[T] | None = None
        self._validate: Any = None
        self._patient: Any = None
        self._produced: Any = None
        self._dump: Any = None

    def __repr__(self) -> str:
        return f"PydanticAdapter({self._source!r})"

    def __eq__(self, other: object) -> bool:
        """Equal to another adapter of the very same type: what one says the other says too."""
        return isinstance(other, PydanticAdapter) and other._source is self._source

    def __hash__(self) -> int:
        return id(self._source)

    def validate(self, value: object) -> T:
        """See `SchemaAdapter.validate`."""
        validate = self._validate or self._validator()
        try:
            result: T = validate(value)
        except pydantic.ValidationError as error:
            issues = _issues(error)
            if all(issue.code != "int_type" for issue in issues):
                raise SchemaError(issues) from None
        else:
            return result
        if self._patient is None:
            self._patient = patient_validate(self._received())
        return self._explained(self._patient, value)

    def validate_produced(self, value: object) -> T:
        """See `ProducedSchema.validate_produced`."""
        return self._explained(self._produced or self._producer(), value)

    def dump(self, value: T) -> object:
        """See `SchemaAdapter.dump`."""
        dump = self._dump or self._dumper()
        result: object = dump(value, by_alias=True, warnings=False)
        return result

    def json_schema(
        self, mode: SchemaMode = "input", *, ref_template: str = REF_TEMPLATE
    ) -> dict[str, object]:
        """See `SchemaAdapter.json_schema`."""
        return self._describe(_JSON_SCHEMA_MODES[mode], ref_template, _JsonSchema)

    def emitted_json_schema(self, *, ref_template: str = REF_TEMPLATE) -> dict[str, object]:
        """See `EmittedSchema.emitted_json_schema`."""
        return self._describe("serialization", ref_template, _EmittedJsonSchema)

    def validator(self) -> Callable[[object], T]:
        """See `DirectSchema.validator`."""
        validate: Callable[[object], T] = self._validate or self._validator()
        return validate

    def writer(
        self,
        encode: Callable[[object], R],
        record_writer: RecordWriterFor[R],
    ) -> Callable[[object], R]:
        """See `DirectSchema.writer`."""
        adapter = self._build()
        validate, dump = adapter.validator.validate_python, self._dump or self._dumper()

        def write(value: object) -> R:
            valid = validate(value, by_alias=True, by_name=False)
            return encode(dump(valid, by_alias=True, warnings=False))

        record = None if native_dump(adapter.core_schema) else Record.of(adapter.core_schema)
        return write if record is None else record_writer(record.kind, record.names, write)

    def _describe(
        self, mode: JsonSchemaMode, ref_template: str, generator: type[GenerateJsonSchema]
    ) -> dict[str, object]:
        try:
            return self._build().json_schema(
                mode=mode, ref_template=ref_template, by_alias=True, schema_generator=generator
            )
        except (pydantic.PydanticUserError, pydantic.PydanticUndefinedAnnotation) as error:
            raise UndescribableType(self._source, str(error).partition("\n")[0]) from error

    def _dumper(self) -> Any:
        adapter = self._build()
        self._dump = dump = native_dump(adapter.core_schema) or adapter.serializer.to_python
        return dump

    def _explained(self, validate: Any, value: object) -> T:
        try:
            result: T = validate(value, by_alias=True, by_name=False)
        except pydantic.ValidationError as error:
            raise SchemaError(_issues(error)) from None
        return result

    def _validator(self) -> Any:
        strict = strict_validate(self._received())
        self._validate = validate = strict or self._producer()
        return validate

    def _producer(self) -> Any:
        adapter, received = self._build(), self._received()
        own = adapter.validator.validate_python
        self._produced = own if received is adapter.core_schema else plain_validate(received)
        return self._produced

    def _received(self) -> Any:
        """The core schema of values as the wire gives them."""
        return with_entries(self._build().core_schema)

    def _build(self) -> TypeAdapter[T]:
        if self._type_adapter is None:
            self._type_adapter = _type_adapter(self._source)
        return self._type_adapter


_ANY = any_schema()


class _JsonSchema(GenerateJsonSchema):
    """Says nothing of a default that is no JSON, and describes maps as they are dumped."""

    @override
    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is UNDEFINED:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    @override
    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        if not (is_map(schema) if self.mode == "validation" else is_dumped_as_map(schema)):
            return super().dict_schema(schema)
        keys = self.generate_inner(schema.get("keys_schema", _ANY))
        values = self.generate_inner(schema.get("values_schema", _ANY))
        pair = {"type": "array", "prefixItems": [keys, values], "minItems": 2, "maxItems": 2}
        return {"type": "array", "items": pair, "x-native-type": "map"}


class _EmittedJsonSchema(_JsonSchema):
    """Requires what a model always dumps: every field but those that may be left out."""

    @override
    def field_is_required(
        self, field: ModelField | DataclassField | TypedDictField, total: bool
    ) -> bool:
        if field["type"] == "typed-dict-field" or field["schema"]["type"] != "default":
            return super().field_is_required(field, total)
        is_always_dumped = field.get("serialization_exclude_if") is None
        return is_always_dumped and field["schema"].get("default") is not UNDEFINED


_ROOT_CONFIG = ConfigDict(arbitrary_types_allowed=True)


def _type_adapter(source: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(source, config=_ROOT_CONFIG)
    except pydantic.PydanticUserError:
        # A type with a configuration of its own refuses another one.
        return TypeAdapter(source)


def _issues(error: pydantic.ValidationError) -> list[Issue]:
    return [
        Issue(
            message=in_json_words(item["type"], item["msg"]),
            path=tuple(item["loc"]),
            code=item["type"],
        )
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
