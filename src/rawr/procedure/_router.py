"""Routers: implemented procedures at their places in a contract tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from typing_extensions import TypeVar

from rawr.contract import Contract, ContractError, ProcedureContract, walk

from ._procedure import Procedure

Ctx_contra = TypeVar("Ctx_contra", contravariant=True)
C = TypeVar("C", bound=Contract)
C_co = TypeVar("C_co", bound=Contract, covariant=True, default=Contract)


@dataclass(frozen=True, slots=True)
class RoutedProcedure:
    """A procedure at its place in a router."""

    path: tuple[str, ...]
    """Wire path, such as `("invoicing", "workflows", "getRunStatus")`."""
    attributes: tuple[str, ...]
    """The same path in Python's names."""
    contract: ProcedureContract[Any, Any]
    """With the prefixes of the contracts around it applied."""
    procedure: Procedure[Any]


class Router(Generic[Ctx_contra, C_co]):
    """A contract with every procedure implemented.

    Raises:
        ContractError: Procedures or nested routers are missing or foreign; all are named.
    """

    def __init__(
        self,
        contract: type[C_co],
        procedures: Mapping[str, Procedure[Any]],
        children: "Mapping[str, Router[Any]] | None" = None,
    ) -> None:
        self._contract = contract
        self._procedures = dict(procedures)
        self._children = dict(children or {})
        self._places: dict[tuple[str, ...], RoutedProcedure] | None = None
        _require_complete(self)

    def __repr__(self) -> str:
        return f"<Router {self.contract.__name__} {[item.path for item in self.walk()]}>"

    @property
    def contract(self) -> type[C_co]:
        """What it implements."""
        return self._contract

    @property
    def procedures(self) -> Mapping[str, Procedure[Any]]:
        """Its own procedures, by Python name."""
        return self._procedures

    @property
    def children(self) -> "Mapping[str, Router[Any]]":
        """Nested routers, by Python name."""
        return self._children

    @property
    def is_described(self) -> bool:
        """Whether its contract is known without loading a lazy router."""
        return all(child.is_described for child in self.children.values())

    def walk(self) -> Iterator[RoutedProcedure]:
        """Every procedure of the tree, in the contract's order.

        A lazy router inside is loaded, unless it was given its contract.
        """
        for place in walk(self.contract):
            yield RoutedProcedure(
                place.path, place.attributes, place.contract, self.procedure(place.attributes)
            )

    def find(self, path: tuple[str, ...]) -> RoutedProcedure | None:
        """The procedure at a wire path; of lazy routers, only one on the way is loaded."""
        if self._places is None:
            self._places = {place.path: place for place in self.walk()}
        return self._places.get(path)

    def procedure(self, attributes: tuple[str, ...]) -> Procedure[Any]:
        """The procedure at a path of Python names; raises `KeyError` if there is none."""
        first, *rest = attributes
        if rest:
            return self.children[first].procedure(tuple(rest))
        return self.procedures[first]


def compose_routers(contract: type[C], children: Mapping[str, Router[Any]]) -> Router[Any, C]:
    """A router made of others, one for each nested contract."""
    return Router(contract, {}, children)


def router_of(
    contract: type[C], children: Mapping[str, Router[Any]] | None = None
) -> Router[Any, C]:
    """The router of a contract class that has procedures where others have contracts.

    Nested contracts are routers of the same kind, or among the given children.

    Raises:
        ContractError: Naming every procedure that is a contract only.
    """
    given = dict(children or {})
    for name, child in contract.contract_children.items():
        if name not in given:
            given[name] = router_of(child)
    own = contract.contract_procedures.items()
    procedures = {name: item for name, item in own if isinstance(item, Procedure)}
    return Router(contract, procedures, given)


def _require_complete(router: Router[Any]) -> None:
    contract = router.contract
    problems = [
        *_unimplemented(contract, router.procedures),
        *_misfits(contract, router.children),
        *_foreign(contract, (*router.procedures, *router.children)),
    ]
    if problems:
        raise ContractError(f"{contract.__name__}: " + "; ".join(problems))


def _unimplemented(contract: type[Contract], given: Mapping[str, object]) -> Iterator[str]:
    missing = (name for name in contract.contract_procedures if name not in given)
    return (f"{name} is not implemented" for name in missing)


def _misfits(contract: type[Contract], given: Mapping[str, Router[Any]]) -> Iterator[str]:
    for name, child in contract.contract_children.items():
        router = given.get(name)
        if router is None:
            yield f"nested router {name} is missing"
        elif router.contract is not child:
            yield f"{name} is a router of {router.contract.__name__}, not of {child.__name__}"


def _foreign(contract: type[Contract], given: tuple[str, ...]) -> Iterator[str]:
    known = {*contract.contract_procedures, *contract.contract_children}
    return (f"{name} is not in the contract" for name in given if name not in known)
