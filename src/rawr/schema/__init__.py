"""The one schema layer: validate, dump, describe; pydantic first, msgspec too."""

from ._adapter import REF_TEMPLATE, SchemaAdapter, SchemaMode, adapt
from ._issue import Issue, SchemaError
from ._model import Schema
from ._values import UNDEFINED, File, Json, RegExp, Undefined, Url

__all__ = [
    "REF_TEMPLATE",
    "UNDEFINED",
    "File",
    "Issue",
    "Json",
    "RegExp",
    "Schema",
    "SchemaAdapter",
    "SchemaError",
    "SchemaMode",
    "Undefined",
    "Url",
    "adapt",
]
