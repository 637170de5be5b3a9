"""The port between a client and whatever carries its calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

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
