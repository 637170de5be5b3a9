"""How somebody proved who they are, in a form that can be kept and asked again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from rawr.composition import Principal


class ProofKind(StrEnum):
    """What a session was begun with."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    START = "start"
    """A token the host was started with."""
    TICKET = "ticket"
    OTHER = "other"
    """A provider that cannot be asked again: the session stands by itself, until it expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof, by reference: the name of a user, or the hex digest of a token; never a secret."""

    kind: ProofKind
    ref: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Somebody who has proved who they are."""

    principal: Principal
    proof: Proof = Proof(kind=ProofKind.OTHER)


Standing: TypeAlias = Callable[[Proven], Principal | None]
"""The principal a proof gives now, or None if it no longer stands."""


@runtime_checkable
class KnowsDigests(Protocol):
    """An identity provider that can be asked again about a token it has seen."""

    def principal_of(self, digest: bytes) -> Principal | None:
        """The principal of the live token with this digest."""
        ...
