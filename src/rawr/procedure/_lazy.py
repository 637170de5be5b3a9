"""Routers loaded when they are first needed."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, overload

from typing_extensions import TypeVar, override

from rawr.contract import Contract, ContractError, ProcedureContract

from ._call import Call, Next
from ._procedure import Procedure
from ._router import RoutedProcedure, Router

Ctx = TypeVar("Ctx")
C = TypeVar("C", bound=Contract)
C_co = TypeVar("C_co", bound=Contract, covariant=True, default=Contract)


class LazyLoadError(ContractError):
    """A lazy router could not be loaded; the next call that needs it tries again."""


class LazyRouter(Router[Any, C_co]):
    """A router that is loaded on first use, and kept.

    Given its contract, it can be described, matched and walked without being loaded: its
    procedures load it when one of them is called.
    """

    def __init__(
        self, load: Callable[[], Router[Any, C_co]], contract: type[C_co] | None = None
    ) -> None:
        self._load = load
        self._loaded: Router[Any, C_co] | None = None
        self._lock = threading.RLock()
        self._known_contract = contract
        self._places: dict[tuple[str, ...], RoutedProcedure] | None = None

    @override
    def __repr__(self) -> str:
        state = "loaded" if self._loaded else "not loaded"
        return f"<LazyRouter by {_name(self._load)}, {state}>"

    @property
    @override
    def is_described(self) -> bool:
        """See `Router.is_described`."""
        return self._known_contract is not None or self._loaded is not None

    @property
    @override
    def contract(self) -> type[C_co]:
        """See `Router.contract`; loads the router if it was not given its contract."""
        return self._known_contract or self.loaded().contract

    @property
    @override
    def procedures(self) -> Mapping[str, Procedure[Any]]:
        """See `Router.procedures`; loads the router."""
        return self.loaded().procedures

    @property
    @override
    def children(self) -> Mapping[str, Router[Any]]:
        """See `Router.children`; loads the router."""
        return self.loaded().children

    @override
    def procedure(self, attributes: tuple[str, ...]) -> Procedure[Any]:
        """See `Router.procedure`; of a router not loaded yet, one that loads it."""
        if self._loaded is not None or self._known_contract is None:
            return self.loaded().procedure(attributes)
        contract: type[Contract] = self._known_contract
        for name in attributes[:-1]:
            contract = contract.contract_children[name]
        return _loading(contract.contract_procedures[attributes[-1]], self, attributes)

    def loaded(self) -> Router[Any, C_co]:
        """The router itself, loaded if it is not yet.

        Raises:
            LazyLoadError: The loader failed or gave something else.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = self._checked()
            return self._loaded

    def _checked(self) -> Router[Any, C_co]:
        try:
            router: Any = self._load()
        except LazyLoadError:
            raise
        except Exception as error:
            raise LazyLoadError(
                f"The lazy router by {_name(self._load)} could not be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error
        if not isinstance(router, Router):
            raise LazyLoadError(
                f"{_name(self._load)} gave {router!r}; a lazy router's loader returns a Router"
            )
        expected = self._known_contract
        if expected is not None and router.contract is not expected:
            raise LazyLoadError(
                f"{_name(self._load)} gave a router of {router.contract.__name__}, "
                f"not of {expected.__name__}"
            )
        return router


@overload
def lazy(load: Callable[[], Router[Ctx, C]]) -> Router[Ctx, C]: ...
@overload
def lazy(load: Callable[[], Router[Ctx, Any]], contract: type[C]) -> Router[Ctx, C]: ...
def lazy(load: Callable[[], Router[Any, Any]], contract: type[Any] | None = None) -> Any:
    """A router that a function loads, such as one that imports it, when it is first needed.

    With its contract given, that is when one of its procedures is called; without, when a
    call of an in-process client leads into it or somebody walks the router around it.
    A failed load is a `LazyLoadError` and is tried again by the next call.

    >>> from rawr.contract import Contract, get
    >>> class Reports(Contract):
    ...     monthly = get("/monthly").output(str)
    >>> def load() -> Router[None, Reports]:
    ...     print("loading")
    ...     from reports import router
    ...     return router
    >>> reports = lazy(load, Reports)
    >>> [place.path for place in reports.walk()]
    [('monthly',)]
    """
    return LazyRouter(load, contract)


def _loading(
    contract: ProcedureContract[Any, Any], router: LazyRouter[Any], attributes: tuple[str, ...]
) -> Procedure[Any]:
    """A procedure that loads the router it is of, and passes its calls on."""

    async def forward(call: Call[Any], _next: Next[Any], /) -> object:
        return await router.loaded().procedure(attributes)(call)

    if contract.definition.input is None:
        return Procedure(contract, lambda _context: None, (forward,))
    return Procedure(contract, lambda _context, _input: None, (forward,))


def _name(load: Callable[..., object]) -> str:
    return getattr(load, "__qualname__", None) or repr(load)
