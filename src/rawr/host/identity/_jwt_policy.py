"""Which JWTs count, and for what; free of the optional library that verifies them."""

from dataclasses import dataclass
from typing import Final

from rawr.composition import CallerClass

JWT_ALGORITHMS: Final = frozenset(
    f"{family}{size}" for family in ("RS", "PS", "ES") for size in (256, 384, 512)
) | {"Ed25519"}
"""Signatures with a public key; `none` and shared secrets (HS*) can never be allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtPolicy:
    """Which tokens count, and for what.

    Claims: `sub` is the subject, `tenant_id` the tenant (both required), `roles` a list of which
    those in `roles` here count, and `scope` may hold `rawr:internal` and `rawr:trigger`. The
    caller class is the issuer's, never a claim's.
    """

    issuer: str
    audience: str
    algorithms: frozenset[str]
    caller: CallerClass
    roles: frozenset[str]

    def __post_init__(self) -> None:
        unsafe = self.algorithms - JWT_ALGORITHMS
        if unsafe or not self.algorithms:
            raise ValueError(
                f"{', '.join(sorted(unsafe)) or 'no algorithm'} cannot be allowed; "
                f"choose from {', '.join(sorted(JWT_ALGORITHMS))}"
            )
