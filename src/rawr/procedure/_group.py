"""Routers from procedures by name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import override

from rawr.contract import Contract

from ._procedure import Procedure
from ._router import RoutedProcedure, Router, router_of


class RouterGroup(Router[Any, Contract]):
    """Procedures and routers by name, before all of their contracts are known."""

    def __init__(
        self, procedures: Mapping[str, Procedure[Any]], children: Mapping[str, Router[Any]]
    ) -> None:
        self._shell = _group_contract(procedures, dict.fromkeys(children, Contract))
        own = self._shell.contract_procedures.items()
        self._procedures = {name: item for name, item in own if isinstance(item, Procedure)}
        self._children = dict(children)
        self._names = {wire: name for name, wire in self._shell.contract_wire_names.items()}
        self._full: Router[Any] | None = None

    @override
    def __repr__(self) -> str:
        return f"<RouterGroup of {', '.join(self._names)}>"

    @property
    @override
    def contract(self) -> type[Contract]:
        """See `Router.contract`; loads the lazy routers that were not given theirs."""
        if self._full is None:
            nested = {name: child.contract for name, child in self._children.items()}
            contract = _group_contract(self._procedures, nested)
            self._full = router_of(contract, self._children)
        return self._full.contract

    def changed(
        self,
        procedure: Callable[[Procedure[Any]], Procedure[Any]],
        child: Callable[[Router[Any]], Router[Any]],
    ) -> "RouterGroup":
        """A group with all of its members changed, loading none that is lazy."""
        return RouterGroup(
            {name: procedure(item) for name, item in self._procedures.items()},
            {name: child(item) for name, item in self._children.items()},
        )

    @override
    def find(self, path: tuple[str, ...]) -> RoutedProcedure | None:
        """See `Router.find`."""
        name = self._names.get(path[0]) if path else None
        if name is None:
            return None
        if name in self._children:
            found = self._children[name].find(path[1:])
            return found and replace(found, path=path, attributes=(name, *found.attributes))
        own = self._procedures[name]
        return RoutedProcedure(path, (name,), own, own) if len(path) == 1 else None


def group(members: Mapping[str, Procedure[Any] | Router[Any]]) -> Router[Any, Contract]:
    """The router of procedures and routers by name, loading none that is lazy."""
    procedures = {name: item for name, item in members.items() if isinstance(item, Procedure)}
    children = {name: item for name, item in members.items() if isinstance(item, Router)}
    if not all(child.is_described for child in children.values()):
        return RouterGroup(procedures, children)
    nested = {name: child.contract for name, child in children.items()}
    return router_of(_group_contract(procedures, nested), children)


def _group_contract(
    procedures: Mapping[str, Procedure[Any]], children: Mapping[str, type[Contract]]
) -> type[Contract]:
    namespace = {**procedures, "__annotations__": dict(children), "__module__": __name__}
    return type("Router", (Contract,), namespace)
