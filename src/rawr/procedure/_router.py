"""Routers: implemented procedures at their places in a contract tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rawr.contract import Contract, ContractError, ProcedureContract, walk

from ._procedure import Procedure

Ctx_contra = TypeVar("Ctx_contra", contravariant=True)


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


class Router(Generic[Ctx_contra]):
    """A contract with every procedure implemented.

    Raises:
        ContractError: Procedures or nested routers are missing or foreign; all are named.
    """

    def __init__(
        self,
        contract: type[Contract],
        procedures: Mapping[str, Procedure[Any]],
        children: "Mapping[str, Router[Any]] | None" = None,
    ) -> None:
        self.contract = contract
        self.procedures = dict(procedures)
        self.children = dict(children or {})
        _require_complete(self)

    def __repr__(self) -> str:
        return f"<Router {self.contract.__name__} {[item.path for item in self.walk()]}>"

    def walk(self) -> Iterator[RoutedProcedure]:
        """Every procedure of the tree, in the contract's order."""
        for place in walk(self.contract):
            yield RoutedProcedure(
                place.path, place.attributes, place.contract, self.procedure(place.attributes)
            )

    def procedure(self, attributes: tuple[str, ...]) -> Procedure[Any]:
        """The procedure at a path of Python names; raises `KeyError` if there is none."""
        router: Router[Any] = self
        for name in attributes[:-1]:
            router = router.children[name]
        return router.procedures[attributes[-1]]


def compose_routers(contract: type[Contract], children: Mapping[str, Router[Any]]) -> Router[Any]:
    """A router made of others, one for each nested contract."""
    return Router(contract, {}, children)


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
