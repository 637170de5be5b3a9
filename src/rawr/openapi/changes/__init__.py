"""What changes between two OpenAPI documents mean for their callers."""

from ._document import Change, compare_openapi

__all__ = ["Change", "compare_openapi"]
