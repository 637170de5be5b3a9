"""TypeScript from contracts: types, an oRPC contract and typed clients, as one module."""

from ._errors import TypeScriptError
from ._module import Audience, Link, Surface, emit_typescript

__all__ = ["Audience", "Link", "Surface", "TypeScriptError", "emit_typescript"]
