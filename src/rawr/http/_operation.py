"""A procedure prepared for serving: what every request needs, worked out once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rawr.contract import Method, Route
from rawr.procedure import Procedure, RoutedProcedure, Router
from rawr.schema import UNDEFINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A routed procedure with the facts of its contract at hand."""

    place: RoutedProcedure
    name: str
    """The path joined by dots, for logs and operation ids."""
    path: tuple[str, ...]
    procedure: Procedure[Any]
    route: Route
    method: Method
    takes_input: bool
    streams: bool
    dump: Callable[[object], object]
    """A result, or one item of a stream, as wire values."""


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
        takes_input=definition.input is not None,
        streams=definition.streams,
        dump=_absent_for_none if definition.output is None else definition.output.dump,
    )


def _absent_for_none(value: object) -> object:
    return UNDEFINED if value is None else value
