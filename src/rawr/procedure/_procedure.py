"""A procedure: a contract with a handler and the middleware around it."""

from typing import Any, Generic, Self

from typing_extensions import TypeVar, override

from rawr.contract import ORPCError, ProcedureContract, ProcedureDefinition

from ._call import Call, Middleware, Next, compose
from ._errors import derive_defined
from ._pipeline import Handler, Observe, build, require_shape

Ctx_contra = TypeVar("Ctx_contra", contravariant=True)
In = TypeVar("In", default=Any)
Out = TypeVar("Out", default=Any)


class Procedure(ProcedureContract[In, Out], Generic[Ctx_contra, In, Out]):
    """An implemented procedure; it can stand wherever its contract can.

    In a contract class it makes the contract one that implements itself; read on a client
    it is the call. Both validations come before the middleware of their index, counted from
    the outside; by default the innermost (see `procedures` for the order while authoring).

    Raises:
        ContractError: The handler does not take what the contract gives.
    """

    __slots__ = (
        "_run",
        "contract",
        "handler",
        "input_validation_index",
        "middlewares",
        "output_validation_index",
    )

    def __init__(
        self,
        contract: ProcedureContract[In, Out],
        handler: Handler,
        middlewares: tuple[Middleware[Any, Any, Any], ...] = (),
        *,
        input_validation_index: float | None = None,
        output_validation_index: float | None = None,
    ) -> None:
        require_shape(contract, handler)
        innermost = len(middlewares)
        self._fill(
            contract,
            handler,
            middlewares,
            innermost if input_validation_index is None else input_validation_index,
            innermost if output_validation_index is None else output_validation_index,
        )

    def _fill(
        self,
        contract: ProcedureContract[In, Out],
        handler: Handler,
        middlewares: tuple[Middleware[Any, Any, Any], ...],
        input_index: float,
        output_index: float,
    ) -> None:
        ProcedureContract.__init__(self, contract.definition)
        self._name = contract.name
        self.contract = contract
        self.handler = handler
        self.middlewares = middlewares
        self.input_validation_index = input_index
        self.output_validation_index = output_index
        self._run: Next[Any] | None = None

    def __repr__(self) -> str:
        return f"<Procedure {self.name or '?'} by {self.handler.__qualname__}>"

    @override
    def with_definition(self, definition: ProcedureDefinition) -> Self:
        """See `ProcedureContract.with_definition`; the handler must still fit."""
        return self.within((), self.contract.with_definition(definition))

    def within(
        self,
        middlewares: tuple[Middleware[Any, Any, Any], ...],
        contract: ProcedureContract[In, Out] | None = None,
    ) -> Self:
        """The same procedure with more middleware around its own."""
        wrapped = type(self).__new__(type(self))
        added = len(middlewares)
        wrapped._fill(  # noqa: SLF001 - same class
            contract or self.contract,
            self.handler,
            (*middlewares, *self.middlewares),
            self.input_validation_index + added,
            self.output_validation_index + added,
        )
        wrapped._name = self._name  # noqa: SLF001 - same class
        return wrapped

    def observed(self, observe: Observe) -> Self:
        """The same procedure with something entered around each of its steps."""
        copy = self.within(())
        copy._run = build(  # noqa: SLF001 - same class
            self.contract,
            self.handler,
            self.middlewares,
            self.input_validation_index,
            self.output_validation_index,
            observe=observe,
        )
        return copy

    async def __call__(
        self, call: Call[Ctx_contra], interceptors: tuple[Middleware[Any], ...] = ()
    ) -> object:
        """Run a call; the result is the typed output (an `EventIterator` of a stream).

        Interceptors wrap all of the pipeline; they see errors as they were raised.

        Raises:
            ORPCError: With `defined` derived from the contract's error map.
            Exception: Whatever else the handler raised, for the boundary to hide.
        """
        run = self._run or self._built()
        if interceptors:
            run = compose(interceptors, run)
        try:
            return await run(call)
        except ORPCError as error:
            derived = derive_defined(error, self._definition.errors)
            if derived is error:
                raise
            raise derived from error

    def _built(self) -> Next[Any]:
        """The pipeline, put together by the first call: most copies are never called."""
        self._run = run = build(
            self.contract,
            self.handler,
            self.middlewares,
            self.input_validation_index,
            self.output_validation_index,
        )
        return run
