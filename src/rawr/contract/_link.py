"""The port between a client and whatever carries its calls, and how that may fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from ._procedure import ProcedureContract

ClientContext: TypeAlias = Mapping[str, object]
"""What a caller hands to a link for one call, such as headers or a timeout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCall:
    """One call on its way through a link."""

    path: tuple[str, ...]
    """The procedure's wire path, such as `("invoicing", "workflows", "getRunStatus")`."""
    contract: "ProcedureContract[Any, Any]"
    input: object
    """The typed input; `UNDEFINED` where the procedure takes none."""
    context: ClientContext = field(default_factory=dict)
    last_event_id: str | None = None


class Link(Protocol):
    """Carries calls: in process, over `/rpc`, over OpenAPI."""

    async def call(self, call: LinkCall) -> Any:
        """Return the typed output (an `EventIterator` where the contract streams).

        Raises:
            ORPCError: The procedure failed; a `TypedError` where the contract declares it.
        """
        ...


class LinkError(Exception):
    """The link got no usable answer.

    `retryable` says whether sending the call again cannot do harm, whatever the procedure
    does. Of other failures only the caller knows whether repeating the call is safe.
    """

    retryable: ClassVar[bool] = False

    def retold(self) -> Self:
        """An equal error for one more caller; exceptions collect notes and tracebacks."""
        twin = type(self).__new__(type(self), *self.args)
        twin.__dict__.update(vars(self))
        twin.__cause__ = self
        return twin
