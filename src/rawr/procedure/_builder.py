"""Authoring procedure first: contract, middleware and handler in one immutable builder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Self, TypeVar, Unpack, overload

from rawr.contract import (
    Contract,
    ContractBuilder,
    EventIterator,
    Inherited,
    MetaEntry,
    RouteFields,
    TypedError,
)
from rawr.schema import SchemaAdapter

from ._call import Middleware
from ._enhance import AnyMiddleware, Surroundings
from ._group import group
from ._handlers import InputHandler, PlainHandler, PlainStreamHandler, StreamHandler
from ._middleware import map_input as with_mapped_input
from ._procedure import Procedure
from ._router import Router, router_of

C = TypeVar("C", bound=Contract)
Init = TypeVar("Init")
Ctx = TypeVar("Ctx")
Ctx2 = TypeVar("Ctx2")
In = TypeVar("In")
In2 = TypeVar("In2")
Out = TypeVar("Out")
Out2 = TypeVar("Out2")
Mapped = TypeVar("Mapped")
Result = TypeVar("Result")


class Undeclared:
    """The output type of a builder that declares none: the handler's own counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What a builder has collected."""

    contract: ContractBuilder[Any, Any] = field(default_factory=ContractBuilder)
    middlewares: tuple[AnyMiddleware, ...] = ()
    first_input_index: float
    first_output_index: float
    input_index: float
    output_index: float
    dedupe_leading: bool


class ProcedureBuilder(Generic[Init, Ctx, In, Out]):
    """Declares procedures and implements them; every method returns a new builder.

    `Init` is the context callers give, `Ctx` the one after all middleware so far. Middleware
    runs in the order of `use`. Input is validated after the middleware in use at `.input()`,
    output before that in use at `.output()`.
    """

    __slots__ = ("_draft",)

    def __init__(self, draft: _Draft) -> None:
        self._draft: Final = draft

    def __repr__(self) -> str:
        return f"<ProcedureBuilder with {len(self._draft.middlewares)} middlewares>"

    @overload
    def input(self, schema: type[In2]) -> "ProcedureBuilder[Init, Ctx, In2, Out]": ...
    @overload
    def input(self, schema: SchemaAdapter[In2]) -> "ProcedureBuilder[Init, Ctx, In2, Out]": ...
    def input(self, schema: Any) -> Any:
        """Declare the input's type, and validate it at this point of the middleware."""
        draft = self._draft
        return self._with(
            contract=draft.contract.input(schema),
            input_index=draft.first_input_index + len(draft.middlewares),
        )

    @overload
    def output(self, schema: type[Out2]) -> "ProcedureBuilder[Init, Ctx, In, Out2]": ...
    @overload
    def output(self, schema: SchemaAdapter[Out2]) -> "ProcedureBuilder[Init, Ctx, In, Out2]": ...
    def output(self, schema: Any) -> Any:
        """Declare the output's type, and validate it at this point of the middleware."""
        return self._with_output(self._draft.contract.output(schema))

    @overload
    def streams(
        self, schema: type[Out2]
    ) -> "ProcedureBuilder[Init, Ctx, In, EventIterator[Out2]]": ...
    @overload
    def streams(
        self, schema: SchemaAdapter[Out2]
    ) -> "ProcedureBuilder[Init, Ctx, In, EventIterator[Out2]]": ...
    @overload
    def streams(
        self, schema: type[Out2], *, returns: type[Result] | SchemaAdapter[Result]
    ) -> "ProcedureBuilder[Init, Ctx, In, EventIterator[Out2, Result]]": ...
    @overload
    def streams(
        self, schema: SchemaAdapter[Out2], *, returns: type[Result] | SchemaAdapter[Result]
    ) -> "ProcedureBuilder[Init, Ctx, In, EventIterator[Out2, Result]]": ...
    def streams(self, schema: Any, **options: Any) -> Any:
        """Declare an event iterator, the type of each of its items and of what it returns."""
        return self._with_output(self._draft.contract.streams(schema, **options))

    def errors(self, *types: type[TypedError[Any]]) -> Self:
        """Declare errors; a later one of the same code wins."""
        return self._with(contract=self._draft.contract.errors(*types))

    def meta(self, *entries: MetaEntry, **values: object) -> Self:
        """Merge metadata that middleware and tools may read."""
        return self._with(contract=self._draft.contract.meta(*entries, **values))

    def tag(self, *tags: str) -> Self:
        """Add OpenAPI tags."""
        return self._with(contract=self._draft.contract.tag(*tags))

    def publish(self, *, published: bool = True) -> Self:
        """Put the procedures into the published OpenAPI document."""
        return self._with(contract=self._draft.contract.publish(published=published))

    def route(self, **fields: Unpack[RouteFields]) -> Self:
        """Merge route fields, such as `method` and `path`; what is not given stays."""
        return self._with(contract=self._draft.contract.route(**fields))

    @overload
    def use(
        self, middleware: Middleware[Ctx, Ctx2, In]
    ) -> "ProcedureBuilder[Init, Ctx2, In, Out]": ...
    @overload
    def use(
        self, middleware: Middleware[Ctx, Ctx2, Mapped], *, map_input: Callable[[In], Mapped]
    ) -> "ProcedureBuilder[Init, Ctx2, In, Out]": ...
    def use(
        self, middleware: AnyMiddleware, *, map_input: Callable[[Any], Any] | None = None
    ) -> Any:
        """Add middleware inside of what is in use already; `map_input` gives it another input."""
        added = middleware if map_input is None else with_mapped_input(middleware, map_input)
        return self._with(middlewares=(*self._draft.middlewares, added))

    @overload
    def handler(
        self: "ProcedureBuilder[Init, Ctx, None, Undeclared]", handler: PlainHandler[Ctx, Out2]
    ) -> Procedure[Init, None, Out2]: ...
    @overload
    def handler(
        self: "ProcedureBuilder[Init, Ctx, In2, Undeclared]",
        handler: InputHandler[Ctx, In2, Out2],
    ) -> Procedure[Init, In2, Out2]: ...
    @overload
    def handler(
        self: "ProcedureBuilder[Init, Ctx, None, Out2]", handler: PlainHandler[Ctx, Out2]
    ) -> Procedure[Init, None, Out2]: ...
    @overload
    def handler(self, handler: InputHandler[Ctx, In, Out]) -> Procedure[Init, In, Out]: ...
    def handler(self, handler: Any) -> Any:
        """The procedure that an async function implements; usable as a decorator.

        It takes `(context, input)` (no input where none is declared) and, if it wants the
        path or the last event id, the `Call` as one more parameter.

        Raises:
            ContractError: The function takes other parameters.
        """
        return self._implemented(handler)

    @overload
    def stream(
        self: "ProcedureBuilder[Init, Ctx, None, EventIterator[Out2, Result]]",
        handler: PlainStreamHandler[Ctx, Out2],
    ) -> Procedure[Init, None, EventIterator[Out2, Result]]: ...
    @overload
    def stream(
        self: "ProcedureBuilder[Init, Ctx, In2, EventIterator[Out2, Result]]",
        handler: StreamHandler[Ctx, In2, Out2],
    ) -> Procedure[Init, In2, EventIterator[Out2, Result]]: ...
    def stream(self, handler: Any) -> Any:
        """The procedure that an async generator implements; usable as a decorator.

        See `Implementer.stream` for who hears of what it raises.
        """
        return self._implemented(handler)

    @overload
    def router(
        self,
        members: type[C],
        *,
        children: Mapping[str, Router[Ctx, Any]] | None = None,
        prefix: str = "",
        tags: tuple[str, ...] | list[str] = (),
    ) -> Router[Init, C]: ...
    @overload
    def router(
        self,
        members: Mapping[str, Procedure[Ctx, Any, Any] | Router[Ctx, Any]],
        *,
        prefix: str = "",
        tags: tuple[str, ...] | list[str] = (),
    ) -> Router[Init]: ...
    def router(
        self,
        members: Any,
        *,
        children: Mapping[str, Router[Any, Any]] | None = None,
        prefix: str = "",
        tags: tuple[str, ...] | list[str] = (),
    ) -> Router[Any, Any]:
        """A router of procedures, inside this builder's middleware and with its errors.

        The members are a contract class with procedures in it (`children` are routers of
        its nested contracts that are not made so) or a mapping by Python name; the contract
        of the result is what typed clients are made from.

        The prefix goes before explicit paths only, the tags before a procedure's own, and
        of two errors with one code a procedure's own wins. Middleware that a procedure
        starts with, in the same order, is not run twice. Of contract and metadata declared
        on the builder, nothing but the errors counts here.

        Raises:
            ContractError: A procedure of the class has no handler, or the prefix is no path.
        """
        draft = self._draft
        router = router_of(members, children) if isinstance(members, type) else group(members)
        surroundings = Surroundings(
            inherited=Inherited(
                prefix=prefix,
                tags=tuple(tags),
                errors=tuple(draft.contract.definition.errors.values()),
            ),
            middlewares=draft.middlewares,
            dedupe_leading=draft.dedupe_leading,
        )
        return surroundings.around(router)

    def _with_output(self, contract: ContractBuilder[Any, Any]) -> Any:
        draft = self._draft
        index = draft.first_output_index + len(draft.middlewares)
        return self._with(contract=contract, output_index=index)

    def _with(self, **changes: Any) -> Self:
        return type(self)(replace(self._draft, **changes))

    def _implemented(self, handler: Any) -> Procedure[Any, Any, Any]:
        draft = self._draft
        return Procedure(
            draft.contract,
            handler,
            draft.middlewares,
            input_validation_index=draft.input_index,
            output_validation_index=draft.output_index,
        )


@overload
def procedures(
    *,
    initial_input_validation_index: float = 0,
    initial_output_validation_index: float = 0,
    dedupe_leading_middlewares: bool = True,
) -> ProcedureBuilder[None, None, None, Undeclared]: ...
@overload
def procedures(
    context: type[Init],
    *,
    initial_input_validation_index: float = 0,
    initial_output_validation_index: float = 0,
    dedupe_leading_middlewares: bool = True,
) -> ProcedureBuilder[Init, Init, None, Undeclared]: ...
def procedures(
    context: type[Any] | None = None,  # noqa: ARG001 - read by the type checker
    *,
    initial_input_validation_index: float = 0,
    initial_output_validation_index: float = 0,
    dedupe_leading_middlewares: bool = True,
) -> ProcedureBuilder[Any, Any, None, Undeclared]:
    """Start declaring procedures whose callers give a context of the given type.

    The initial indexes say how many of the middlewares in use at `.input()` and `.output()`
    the validation goes further inside: `-math.inf` puts it outside of all, `math.nan`
    leaves it out. `dedupe_leading_middlewares=False` runs what routers share twice.

    >>> import asyncio
    >>> from rawr.contract import Contract
    >>> from rawr.procedure import create_router_client
    >>> os = procedures(str)
    >>> @os.input(int).output(str).handler
    ... async def repeat(context: str, times: int) -> str:
    ...     return context * times
    >>> class Words(Contract, prefix="/words"):
    ...     repeat = repeat
    >>> client = create_router_client(Words, os.router(Words), "ha")
    >>> asyncio.run(client.repeat(3))
    'hahaha'
    """
    return ProcedureBuilder(
        _Draft(
            first_input_index=initial_input_validation_index,
            first_output_index=initial_output_validation_index,
            input_index=initial_input_validation_index,
            output_index=initial_output_validation_index,
            dedupe_leading=dedupe_leading_middlewares,
        )
    )
