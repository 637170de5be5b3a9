"""The one schema layer: validate, dump, describe; pydantic first, msgspec too.

pydantic is imported with the first use of `Schema` or of a pydantic-adapted type, so that
tools which only read contracts start fast.
"""

from typing import TYPE_CHECKING

from rawr._public import show_errors

from ._adapter import (
    REF_TEMPLATE,
    DirectSchema,
    EmittedSchema,
    ProducedSchema,
    SchemaAdapter,
    SchemaMode,
    adapt,
    produced,
)
from ._issue import Issue, SchemaError, UndescribableType
from ._values import UNDEFINED, File, Json, KeyedDict, Map, OpaqueEnumType, RegExp, Undefined, Url

if TYPE_CHECKING:
    from ._model import Schema
else:

    def __getattr__(name: str) -> object:
        if name != "Schema":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from ._model import Schema

        globals()[name] = Schema
        return Schema


__all__ = [
    "REF_TEMPLATE",
    "UNDEFINED",
    "DirectSchema",
    "EmittedSchema",
    "File",
    "Issue",
    "Json",
    "KeyedDict",
    "Map",
    "OpaqueEnumType",
    "ProducedSchema",
    "RegExp",
    "Schema",
    "SchemaAdapter",
    "SchemaError",
    "SchemaMode",
    "Undefined",
    "UndescribableType",
    "Url",
    "adapt",
    "produced",
]

show_errors(__name__, globals())
