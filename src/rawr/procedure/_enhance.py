"""Routers with more around their procedures: middleware, prefixes, tags and errors."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from rawr.contract import Contract, Inherited, ProcedureContract, derive_contract

from ._call import Middleware
from ._group import RouterGroup
from ._lazy import LazyRouter
from ._procedure import Procedure
from ._router import Router

C = TypeVar("C", bound=Contract)

AnyMiddleware = Middleware[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a router puts around every procedure of its tree."""

    inherited: Inherited = field(default_factory=Inherited)
    middlewares: tuple[AnyMiddleware, ...] = ()
    dedupe_leading: bool = True
    """Whether middleware that a procedure starts with, in the same order, runs once."""

    def is_empty(self) -> bool:
        """Whether they change nothing."""
        return not self.middlewares and self.inherited == Inherited()

    def around(self, router: Router[Any, C]) -> Router[Any, C]:
        """The router in these surroundings; a lazy one stays lazy."""
        return router if self.is_empty() else self._around(router)

    def _around(self, router: Router[Any, Any]) -> Router[Any, Any]:
        if isinstance(router, RouterGroup) and not router.is_described:
            return router.changed(self._procedure, self.around)
        if router.is_described:
            return self._as(derive_contract(router.contract, self._contract), router)
        return LazyRouter(lambda: self._around(_loaded(router)))

    def _as(self, contract: type[C], router: Router[Any, C]) -> Router[Any, C]:
        """The router in these surroundings, of a contract derived for them."""
        if isinstance(router, LazyRouter):
            return LazyRouter(lambda: self._as(contract, router.loaded()), contract)
        own, nested = contract.contract_procedures, contract.contract_children
        return Router(
            contract,
            {name: self._bound(item, own[name]) for name, item in router.procedures.items()},
            {name: self._as(nested[name], item) for name, item in router.children.items()},
        )

    def _contract(self, declared: ProcedureContract[Any, Any]) -> ProcedureContract[Any, Any]:
        if isinstance(declared, Procedure):
            return self._procedure(declared)
        return self.inherited.apply(declared)

    def _procedure(self, procedure: Procedure[Any]) -> Procedure[Any]:
        return self._wrapped(self.inherited.apply(procedure))

    def _bound(
        self, procedure: Procedure[Any], contract: ProcedureContract[Any, Any]
    ) -> Procedure[Any]:
        if isinstance(contract, Procedure):
            return contract
        return self._wrapped(procedure.within((), contract))

    def _wrapped(self, procedure: Procedure[Any]) -> Procedure[Any]:
        own, around = procedure.middlewares, self.middlewares
        if self.dedupe_leading and own[: len(around)] == around:
            return procedure
        return procedure.within(around)


def _loaded(router: Router[Any, Any]) -> Router[Any, Any]:
    return router.loaded() if isinstance(router, LazyRouter) else router
