"""A procedure prepared for serving: what every request needs, worked out once."""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from rawr.contract import Method, Route
from rawr.procedure import Call, RoutedProcedure, Router
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


def operations(router: Router[Any]) -> Iterator[Operation]:
    """The operations of a router, in the contract's order."""
    return map(_operation, router.walk())


def _operation(place: RoutedProcedure) -> Operation:
    definition = place.contract.definition
    return Operation(
        place=place,
        name=".".join(place.path),
        path=place.path,
        procedure=place.procedure,
        route=definition.route,
        method=definition.route.effective_method,
        streams=definition.streams,
        dump=_absent_for_none if definition.output is None else definition.output.dump,
    )


def _absent_for_none(value: object) -> object:
    return UNDEFINED if value is None else value
