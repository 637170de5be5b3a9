"""The rule table: every rule that can be checked without running the HQ."""

from typing import Final

from rawr.policy._rule import Rule

from . import (
    _bundle,
    _callers,
    _context,
    _contracts,
    _dispatch,
    _domain,
    _durable,
    _host,
    _layers,
    _middleware,
    _published,
    _routes,
    _schemas,
)
from ._not_static import NOT_STATIC

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted(
        (
            *_bundle.RULES,
            *_callers.RULES,
            *_context.RULES,
            *_contracts.RULES,
            *_dispatch.RULES,
            *_domain.RULES,
            *_durable.RULES,
            *_host.RULES,
            *_layers.RULES,
            *_middleware.RULES,
            *_published.RULES,
            *_routes.RULES,
            *_schemas.RULES,
        ),
        key=lambda rule: rule.number,
    )
)

__all__ = ["NOT_STATIC", "RULES"]
