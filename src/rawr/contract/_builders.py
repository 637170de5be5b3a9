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
            return self.streams(adapter.item)
        return self._declare(output=adapter, streams=False)

    @overload
    def streams(self, schema: type[Out2]) -> "ContractBuilder[In, EventIterator[Out2]]": ...
    @overload
    def streams(
        self, schema: SchemaAdapter[Out2]
    ) -> "ContractBuilder[In, EventIterator[Out2]]": ...
    def streams(self, schema: Any) -> Any:
        """Declare an event iterator and the type of each of its items."""
        return self._declare(output=adapt(schema), streams=True)


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
