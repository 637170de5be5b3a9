"""Whether middleware of the SDK rewrites what functions and steps get and return."""

from collections.abc import Iterable

from inngest._internal import middleware_lib
from inngest._internal.middleware_lib.manager import DEFAULT_CLIENT_MIDDLEWARE


def can_commit(
    middleware: middleware_lib.MiddlewareManager,
    own: Iterable[middleware_lib.UninitializedMiddleware],
) -> bool:
    """True when no middleware, the client's or the function's own, rewrites input or output.

    One that does (encryption, say) expects a fresh call after every step, so it gets one. A class
    that only looks at what it is given says so with `observes_only = True`.
    """
    kinds: list[middleware_lib.UninitializedMiddleware] = [
        *map(type, middleware.middleware),
        *own,
    ]
    return not any(_rewrites(kind) for kind in kinds)


def _rewrites(kind: middleware_lib.UninitializedMiddleware) -> bool:
    if kind in DEFAULT_CLIENT_MIDDLEWARE:
        return False
    if not isinstance(kind, type):
        return True  # a factory does not tell what it makes
    if getattr(kind, "observes_only", False):
        return False
    for hook in ("transform_input", "transform_output"):
        inherited = (
            getattr(middleware_lib.Middleware, hook),
            getattr(middleware_lib.MiddlewareSync, hook),
        )
        if getattr(kind, hook) not in inherited:
            return True
    return False
