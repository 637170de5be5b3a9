"""OpenAPI 3.1 documents from contracts."""

from ._errors import OpenAPIGeneratorError, Problem
from ._generator import OPENAPI_VERSION, OpenAPISource, Section, generate_openapi

__all__ = [
    "OPENAPI_VERSION",
    "OpenAPIGeneratorError",
    "OpenAPISource",
    "Problem",
    "Section",
    "generate_openapi",
]
