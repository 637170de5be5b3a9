"""Where a contract starts: a method and, for OpenAPI, a path."""

from typing import Any, TypeVar, overload

from rawr.schema import SchemaAdapter, adapt

from ._event_schema import EventIteratorSchema
from ._events import EventIterator
from ._procedure import ProcedureContract, ProcedureDefinition, require_slash
from ._route import Method, Route

In = TypeVar("In")
Out = TypeVar("Out")
In2 = TypeVar("In2")
Out2 = TypeVar("Out2")
Result = TypeVar("Result")


class ContractBuilder(ProcedureContract[In, Out]):
    """A procedure contract whose input and output can still be declared.

    >>> get("/runs/{runId}").input(dict).output(str).tag("runs")
    <ProcedureContract ? GET /runs/{runId}>
    """

    __slots__ = ()

    @overload
    def input(self, schema: type[In2]) -> "ContractBuilder[In2, Out]": ...
    @overload
    def input(self, schema: SchemaAdapter[In2]) -> "ContractBuilder[In2, Out]": ...
    def input(self, schema: Any) -> Any:
        """Declare the input's type; `event_iterator(T)` for one that clients stream."""
        return self._declare(input=adapt(schema))

    @overload
    def output(self, schema: type[Out2]) -> "ContractBuilder[In, Out2]": ...
    @overload
    def output(self, schema: SchemaAdapter[Out2]) -> "ContractBuilder[In, Out2]": ...
    def output(self, schema: Any) -> Any:
        """Declare the output's type."""
        adapter = adapt(schema)
        if isinstance(adapter, EventIteratorSchema):
            return self._declare(output=adapter.item, streams=True, returns=adapter.returns)
        return self._declare(output=adapter, streams=False, returns=None)

    @overload
    def streams(self, schema: type[Out2]) -> "ContractBuilder[In, EventIterator[Out2]]": ...
    @overload
    def streams(
        self, schema: SchemaAdapter[Out2]
    ) -> "ContractBuilder[In, EventIterator[Out2]]": ...
    @overload
    def streams(
        self, schema: type[Out2], *, returns: type[Result] | SchemaAdapter[Result]
    ) -> "ContractBuilder[In, EventIterator[Out2, Result]]": ...
    @overload
    def streams(
        self, schema: SchemaAdapter[Out2], *, returns: type[Result] | SchemaAdapter[Result]
    ) -> "ContractBuilder[In, EventIterator[Out2, Result]]": ...
    def streams(self, schema: Any, *, returns: Any = None) -> Any:
        """Declare an event iterator, the type of each of its items and of what it returns."""
        end = None if returns is None else adapt(returns)
        return self._declare(output=adapt(schema), streams=True, returns=end)


def procedure() -> ContractBuilder[None, None]:
    """A `POST` procedure whose path follows from its place in the contract."""
    return ContractBuilder()


def get(path: str | None = None) -> ContractBuilder[None, None]:
    """A procedure read with `GET`."""
    return _start("GET", path)


def post(path: str | None = None) -> ContractBuilder[None, None]:
    """A procedure called with `POST`."""
    return _start("POST", path)


def put(path: str | None = None) -> ContractBuilder[None, None]:
    """A procedure called with `PUT`."""
    return _start("PUT", path)


def patch(path: str | None = None) -> ContractBuilder[None, None]:
    """A procedure called with `PATCH`."""
    return _start("PATCH", path)


def delete(path: str | None = None) -> ContractBuilder[None, None]:
    """A procedure called with `DELETE`."""
    return _start("DELETE", path)


def _start(method: Method, path: str | None) -> ContractBuilder[None, None]:
    require_slash(path)
    return ContractBuilder(ProcedureDefinition(route=Route(method=method, path=path)))
