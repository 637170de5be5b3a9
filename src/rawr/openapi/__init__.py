"""OpenAPI 3.1 documents from contracts."""

from rawr._public import show_errors

from ._errors import OpenAPIGeneratorError, Problem
from ._failures import ErrorBodySchema
from ._generator import OPENAPI_VERSION, OpenAPISource, Section, generate_openapi
from .changes import Change, compare_openapi
from .reference import ReferenceFile, ReferencePage

__all__ = [
    "OPENAPI_VERSION",
    "Change",
    "ErrorBodySchema",
    "OpenAPIGeneratorError",
    "OpenAPISource",
    "Problem",
    "ReferenceFile",
    "ReferencePage",
    "Section",
    "compare_openapi",
    "generate_openapi",
]

show_errors(__name__, globals())
