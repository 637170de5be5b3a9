"""Implementing a contract: handlers bound to procedures, checked for completeness."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from rawr.contract import Contract, ContractError, EventIterator, ProcedureContract

from ._call import Middleware
from ._handlers import InputHandler, PlainHandler, PlainStreamHandler, StreamHandler
from ._pipeline import Handler
from ._procedure import Procedure
from ._router import Router

C = TypeVar("C", bound=Contract)
Init = TypeVar("Init")
Ctx = TypeVar("Ctx")
Ctx2 = TypeVar("Ctx2")
In = TypeVar("In")
Out = TypeVar("Out")
Result = TypeVar("Result")

H = TypeVar("H", bound=Callable[..., Any])


class Implementer(Generic[C, Init, Ctx]):
    """Collects the handlers of one contract; `router()` checks that none is missing.

    `Init` is the context callers give, `Ctx` the one after all middleware.
    """

    def __init__(self, contract: type[C]) -> None:
        self._contract = contract
        self._middlewares: tuple[Middleware[Any, Any], ...] = ()
        self._procedures: dict[str, Procedure[Any]] = {}

    @overload
    def use(self, middleware: Middleware[Ctx, Ctx2], /) -> "Implementer[C, Init, Ctx2]": ...
    @overload
    def use(self, *middlewares: Middleware[Ctx]) -> "Implementer[C, Init, Ctx]": ...
    def use(self, *middlewares: Middleware[Any, Any]) -> "Implementer[C, Init, Any]":
        """An implementer whose handlers run inside these middlewares too.

        They run before input validation, the first one outermost. Both implementers fill
        the same router, so that one contract may have guarded and open procedures. One that
        changes the type of the context is used alone.
        """
        derived: Implementer[C, Init, Any] = Implementer(self._contract)
        derived._middlewares = (*self._middlewares, *middlewares)
        derived._procedures = self._procedures
        return derived

    @overload
    def handler(  # pyright: ignore[reportOverlappingOverload] - no input is the narrower case
        self, procedure: ProcedureContract[None, Out]
    ) -> Callable[[PlainHandler[Ctx, Out]], PlainHandler[Ctx, Out]]: ...
    @overload
    def handler(
        self, procedure: ProcedureContract[In, Out]
    ) -> Callable[[InputHandler[Ctx, In, Out]], InputHandler[Ctx, In, Out]]: ...
    def handler(self, procedure: ProcedureContract[Any, Any]) -> Callable[[H], H]:
        """Bind an async function to a procedure of the contract.

        It takes `(context, input)` (no input where the contract has none) and, if it wants
        the path or the last event id, the `Call` as one more parameter.

        Raises:
            ContractError: The procedure is of another contract or already has a handler.
        """
        return self._bind(procedure)

    @overload
    def stream(  # pyright: ignore[reportOverlappingOverload] - no input is the narrower case
        self, procedure: ProcedureContract[None, EventIterator[Out, Result]]
    ) -> Callable[[PlainStreamHandler[Ctx, Out]], PlainStreamHandler[Ctx, Out]]: ...
    @overload
    def stream(
        self, procedure: ProcedureContract[In, EventIterator[Out, Result]]
    ) -> Callable[[StreamHandler[Ctx, In, Out]], StreamHandler[Ctx, In, Out]]: ...
    def stream(self, procedure: ProcedureContract[Any, Any]) -> Callable[[H], H]:
        """Bind an async generator to a streaming procedure of the contract.

        What a generator raises is told inside the stream, whose status is 200. An async function
        that returns the iterator can still refuse the call itself, with a status of its own.
        """
        return self._bind(procedure)

    def router(self, **children: Router[Any, Any]) -> Router[Init, C]:
        """The finished router; nested contracts get theirs by keyword.

        Raises:
            ContractError: Naming every procedure left unimplemented.
        """
        return Router(self._contract, self._procedures, children)

    def _bind(self, procedure: ProcedureContract[Any, Any]) -> Callable[[Any], Any]:
        name, owner = procedure.name, self._contract.__name__
        if self._contract.contract_procedures.get(name) is not procedure:
            raise ContractError(f"{procedure!r} is not a procedure of {owner}")
        if name in self._procedures:
            raise ContractError(f"{owner}.{name} already has a handler")

        def bind(handler: Handler) -> Handler:
            self._procedures[name] = Procedure(procedure, handler, self._middlewares)
            return handler

        return bind


@overload
def implement(contract: type[C]) -> Implementer[C, None, None]: ...
@overload
def implement(contract: type[C], context: type[Ctx]) -> Implementer[C, Ctx, Ctx]: ...
def implement(contract: type[C], context: type[Any] | None = None) -> Implementer[C, Any, Any]:  # noqa: ARG001 - read by the type checker
    """Start implementing a contract whose handlers get a context of the given type."""
    return Implementer(contract)
