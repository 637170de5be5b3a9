"""A procedure prepared for serving: what every request needs, worked out once."""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rawr.contract import ContractError, Method, Route, procedure
from rawr.procedure import Call, LazyLoadError, Procedure, RoutedProcedure, Router
from rawr.schema import UNDEFINED, SchemaError


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A routed procedure with the facts of its contract at hand."""

    place: RoutedProcedure
    name: str
    """The path joined by dots, for logs and operation ids."""
    path: tuple[str, ...]
    procedure: Callable[[Call[Any]], Coroutine[Any, Any, object]]
    """Runs a call, with the plugins of the handler around it."""
    route: Route
    method: Method
    streams: bool
    dump: Callable[[object], object]
    """A result, or one item of a stream, as wire values."""
    dump_end: Callable[[object], object]
    """What a stream returns at its end, as wire values."""
    is_lasting: bool = True
    """False where it stands in for one that could not be loaded, this time."""

    def absent_input(self) -> object:
        """What stands for an input that was not sent: `undefined` to schemas that know it.

        To all others it is null, so that a schema may say whether it can be left out.
        """
        schema = self.place.contract.definition.input
        if schema is not None:
            try:
                schema.validate(UNDEFINED)
            except SchemaError:
                return None
        return UNDEFINED


class Operations:
    """The operations of a router; those of lazy routers when they are asked for.

    What cannot be loaded is an operation too: one that fails, so that callers hear of it as
    they hear of every failure. The next request tries again.
    """

    def __init__(
        self, router: Router[Any], prepare: Callable[[Operation], Operation] | None = None
    ) -> None:
        if not isinstance(router, Router):
            raise TypeError(
                f"A handler serves a router, such as implement(...).router(); {router!r} is none"
            )
        self._router = router
        self._prepare = prepare
        self._found: dict[tuple[str, ...], Operation] = {}
        self.is_described = router.is_described
        """Whether all are known without loading anything."""

    def __iter__(self) -> Iterator[Operation]:
        """All of them, in the contract's order; loads what is not described.

        Raises:
            LazyLoadError: Something could not be loaded.
        """
        return map(self._kept, self._router.walk())

    def find(self, path: tuple[str, ...]) -> Operation | None:
        """The one at a path; of lazy routers, only those on the way are loaded."""
        found = self._found.get(path)
        if found is not None:
            return found
        try:
            place = self._router.find(path)
        except LazyLoadError as error:
            return unloadable(path, error)
        return None if place is None else self._kept(place)

    def _kept(self, place: RoutedProcedure) -> Operation:
        operation = self._found.get(place.path)
        if operation is None:
            made = _operation(place)
            operation = made if self._prepare is None else self._prepare(made)
            self._found[place.path] = operation
        return operation


def unloadable(path: tuple[str, ...], error: ContractError) -> Operation:
    """What stands in for an operation that could not be loaded."""

    async def fail(_context: object) -> None:
        raise error

    contract = procedure()
    place = RoutedProcedure(path, path, contract, Procedure(contract, fail))
    return replace(_operation(place), is_lasting=False)


def _operation(place: RoutedProcedure) -> Operation:
    definition = place.contract.definition
    events = definition.events
    return Operation(
        place=place,
        name=".".join(place.path),
        path=place.path,
        procedure=place.procedure,
        route=definition.route,
        method=definition.route.effective_method,
        streams=definition.streams,
        dump=_absent_for_none if definition.output is None else definition.output.dump,
        dump_end=_as_it_is if events is None else events.dump_result,
    )


def _as_it_is(value: object) -> object:
    return value


def _absent_for_none(value: object) -> object:
    return UNDEFINED if value is None else value
