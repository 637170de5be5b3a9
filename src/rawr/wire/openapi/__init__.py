"""The OpenAPI protocol: values as plain JSON, bracket notation and files."""

from ._brackets import (
    MAX_ARRAY_INDEX,
    MAX_HOLES,
    flatten,
    parse_path,
    stringify_path,
    unflatten,
)
from ._jsonify import CustomJson
from ._serializer import OpenAPISerializer

__all__ = [
    "MAX_ARRAY_INDEX",
    "MAX_HOLES",
    "CustomJson",
    "OpenAPISerializer",
    "flatten",
    "parse_path",
    "stringify_path",
    "unflatten",
]
