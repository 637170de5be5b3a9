"""Procedure contracts: what goes in, what comes out, what may go wrong, and where."""

from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Generic, Protocol, Self, TypeVar, Unpack, overload

from rawr.schema import UNDEFINED, SchemaAdapter

from ._errors import ContractError, TypedError
from ._event_schema import EventIteratorSchema
from ._events import EventIterator
from ._link import ClientContext, Link, LinkCall
from ._meta import MetaEntry
from ._route import METHODS, Route, RouteFields

In = TypeVar("In")
Out = TypeVar("Out")
Item = TypeVar("Item")
Result = TypeVar("Result")
In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)

ErrorMap = Mapping[str, type[TypedError[Any]]]
"""The errors a procedure declares, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureDefinition:
    """Everything a procedure contract declares, for those who read contracts."""

    route: Route = field(default_factory=Route)
    input: SchemaAdapter[Any] | None = None
    output: SchemaAdapter[Any] | None = None
    """The output's schema; of a streaming procedure, the schema of each item."""
    streams: bool = False
    returns: SchemaAdapter[Any] | None = None
    """What a streaming procedure returns at its end; None leaves that open."""
    errors: ErrorMap = field(default_factory=lambda: MappingProxyType({}))
    meta: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    publication: bool | None = None
    """What the procedure says of its own; None leaves it to the contract around it."""

    @property
    def events(self) -> EventIteratorSchema[Any, Any] | None:
        """The schema of the whole output, if it streams."""
        if not self.streams or self.output is None:
            return None
        return EventIteratorSchema(self.output, self.returns)

    @property
    def published(self) -> bool:
        """Whether the procedure appears in the published OpenAPI document."""
        return self.publication is True


class InputCall(Protocol[In_contra, Out_co]):
    """How a procedure with an input is called on a client."""

    def __call__(
        self,
        input: In_contra,
        /,
        *,
        context: ClientContext | None = None,
        last_event_id: str | None = None,
    ) -> Coroutine[Any, Any, Out_co]: ...


class PlainCall(Protocol[Out_co]):
    """How a procedure without an input is called on a client."""

    def __call__(
        self, *, context: ClientContext | None = None, last_event_id: str | None = None
    ) -> Coroutine[Any, Any, Out_co]: ...


class Binding(Protocol):
    """What turns contracts into calls: a client."""

    def bind(
        self, procedure: "ProcedureContract[Any, Any]"
    ) -> "tuple[ProcedureContract[Any, Any], Link, tuple[str, ...]]":
        """What a call of a procedure needs: contract, link and wire path."""
        ...


class _AnyInput:
    """Never made: it leads type checkers to the call of a contract whose input is `Any`.

    They take the first overload that fits, and `Any` fits this one, which nothing else does.
    """


class ProcedureContract(Generic[In, Out]):
    """An immutable declaration of one procedure.

    Read on its contract class it is itself; read on a client it is the call. Every method
    returns a new contract.
    """

    __slots__ = ("_definition", "_name")

    def __init__(self, definition: ProcedureDefinition | None = None) -> None:
        self._definition = definition or ProcedureDefinition()
        self._name = ""

    def __repr__(self) -> str:
        route = self._definition.route
        return (
            f"<ProcedureContract {self._name or '?'} {route.effective_method} {route.path or ''}>"
        )

    @property
    def definition(self) -> ProcedureDefinition:
        """What was declared."""
        return self._definition

    @property
    def name(self) -> str:
        """The attribute it was assigned to in its contract class."""
        return self._name

    def named(self, name: str) -> Self:
        """The same contract under an attribute's name; for those who make contract classes."""
        contract = self.with_definition(self._definition)
        contract._name = name  # noqa: SLF001 - same class
        return contract

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(
        self: "ProcedureContract[_AnyInput, Out]", instance: Binding, owner: type
    ) -> InputCall[Any, Out]: ...
    @overload
    def __get__(
        self: "ProcedureContract[None, Out]", instance: Binding, owner: type
    ) -> PlainCall[Out]: ...
    @overload
    def __get__(
        self: "ProcedureContract[EventIterator[Item, Result], Out]", instance: Binding, owner: type
    ) -> InputCall[AsyncIterator[Item], Out]: ...
    @overload
    def __get__(self, instance: Binding, owner: type) -> InputCall[In, Out]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Self: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        bind = getattr(instance, "bind", None)
        if bind is None:
            return self
        call = ProcedureCall(*bind(self))
        # This is no data descriptor: the next read finds the call in the instance itself.
        vars(instance)[self._name] = call
        return call

    def with_definition(self, definition: ProcedureDefinition) -> Self:
        """The same contract with another definition; for those who compose contracts."""
        contract = type(self)(definition)
        contract._name = self._name  # noqa: SLF001 - same class
        return contract

    def errors(self, *types: type[TypedError[Any]]) -> Self:
        """Declare errors; a later one of the same code wins.

        Raises:
            ContractError: One of them is no class of error with a code.
        """
        for error in types:
            require_error_class(error)
        declared = {**self._definition.errors, **{error.code: error for error in types}}
        return self._declare(errors=MappingProxyType(declared))

    def meta(self, *entries: MetaEntry, **values: object) -> Self:
        """Merge metadata that middleware and tools may read; see `MetaKey` for typed entries."""
        merged = {**self._definition.meta, **dict(entries), **values}
        return self._declare(meta=MappingProxyType(merged))

    def tag(self, *tags: str) -> Self:
        """Add OpenAPI tags."""
        return self.route(tags=(*self._definition.route.tags, *tags))

    def publish(self, *, published: bool = True) -> Self:
        """Put the procedure into the published OpenAPI document, or keep it out.

        The default is to keep it out; so does either word, its own or the contract class's.
        """
        return self._declare(publication=published)

    def route(self, **fields: Unpack[RouteFields]) -> Self:
        """Merge route fields; what is None or not given stays.

        Raises:
            ContractError: The path does not start with a slash, or the method is none.
        """
        given: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
        require_slash(given.get("path"))
        require_method(given.get("method"))
        return self._declare(route=replace(self._definition.route, **given))

    def _declare(self, **changes: Any) -> Self:
        return self.with_definition(replace(self._definition, **changes))


class ProcedureCall:
    """A procedure of a client: calling it sends the call through the client's link."""

    __slots__ = ("_contract", "_link", "_path")

    def __init__(
        self, contract: ProcedureContract[Any, Any], link: Link, path: tuple[str, ...]
    ) -> None:
        self._contract = contract
        self._link = link
        self._path = path

    def __repr__(self) -> str:
        return f"<ProcedureCall {'.'.join(self._path)}>"

    def __call__(
        self,
        *arguments: object,
        context: ClientContext | None = None,
        last_event_id: str | None = None,
    ) -> Coroutine[Any, Any, Any]:
        takes_input = self._contract.definition.input is not None
        if len(arguments) != takes_input:
            expected = "one input" if takes_input else "no input"
            raise TypeError(f"{'.'.join(self._path)} takes {expected}, got {len(arguments)}")
        return self._link.call(
            LinkCall(
                path=self._path,
                contract=self._contract,
                input=arguments[0] if arguments else UNDEFINED,
                context=context or {},
                last_event_id=last_event_id,
            )
        )


def require_error_class(error: object) -> None:
    """Refuse what contracts cannot declare as an error."""
    if not (isinstance(error, type) and issubclass(error, TypedError) and hasattr(error, "code")):
        raise ContractError(
            f"{error!r} cannot be declared; declare a class such as "
            'class NotHere(TypedError[Where], code="NOT_HERE", status=404)'
        )


def require_method(method: object) -> None:
    """Refuse a method that the OpenAPI protocol does not have."""
    if method is not None and method not in METHODS:
        raise ContractError(f"{method!r} is no method of a procedure; use {', '.join(METHODS)}")


def require_slash(path: str | None) -> None:
    """Refuse a path that is not absolute."""
    if path is not None and not path.startswith("/"):
        raise ContractError(f"a path starts with '/': write {'/' + path!r} for {path!r}")
