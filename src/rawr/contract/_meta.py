"""Typed metadata: keys instead of bare names."""

from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from rawr.schema import UNDEFINED, Undefined

from ._errors import ContractError

if TYPE_CHECKING:
    from ._procedure import ProcedureContract

T = TypeVar("T")

MetaEntry: TypeAlias = tuple[str, object]
"""A name and a value, as a `MetaKey` makes them."""


class MetaKey(Generic[T]):
    """A piece of metadata that procedures may declare, with the type of its values.

    A key without a default must be declared by every procedure it is read from.

    >>> from rawr.contract import get
    >>> ROLE = MetaKey[str]("role")
    >>> CACHED_SECONDS = MetaKey[int]("cached_seconds", default=0)
    >>> contract = get("/runs").meta(ROLE("finance:read"))
    >>> ROLE.of(contract), CACHED_SECONDS.of(contract)
    ('finance:read', 0)
    """

    __slots__ = ("_default", "name")

    def __init__(self, name: str, *, default: T | Undefined = UNDEFINED) -> None:
        self.name: Final = name
        self._default: Final = default

    def __repr__(self) -> str:
        return f"MetaKey({self.name!r})"

    def __call__(self, value: T) -> MetaEntry:
        """An entry for `meta(...)` of a procedure or a contract class."""
        return self.name, value

    def of(self, contract: "ProcedureContract[Any, Any]") -> T:
        """What a procedure declares, else the default.

        Raises:
            ContractError: It declares nothing and there is no default.
        """
        value: Any = contract.definition.meta.get(self.name, self._default)
        if value is UNDEFINED:
            raise ContractError(
                f"{contract.name or repr(contract)} declares no {self.name!r}; "
                "add it with .meta(), or give the MetaKey a default"
            )
        found: T = value
        return found
