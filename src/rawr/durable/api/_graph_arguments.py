"""Reading the arguments of GraphQL fields."""

from collections.abc import Mapping
from typing import Final

from rawr.durable.api._graphql_parse import QueryError
from rawr.durable.domain.event import Json

_DEFAULT_PAGE: Final = 40
_LARGEST_PAGE: Final = 400


def text(arguments: Mapping[str, Json], name: str) -> str:
    """A string that must be there.

    Raises:
        QueryError: it is not.
    """
    value = arguments.get(name)
    if not isinstance(value, str):
        raise QueryError(f'The argument "{name}" must be a string')
    return value


def optional_text(arguments: Mapping[str, Json], name: str) -> str | None:
    """A string, or `None` where none is given.

    Raises:
        QueryError: it is something else.
    """
    return None if arguments.get(name) is None else text(arguments, name)


def texts(arguments: Mapping[str, Json], name: str) -> list[str]:
    """A list of strings, empty where none is given.

    Raises:
        QueryError: it is something else.
    """
    values = arguments.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise QueryError(f'The argument "{name}" must be a list of strings')
    return values


def record(arguments: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """An input object, empty where none is given.

    Raises:
        QueryError: it is something else.
    """
    value = arguments.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise QueryError(f'The argument "{name}" must be an object')
    return value


def page_size(arguments: Mapping[str, Json]) -> int:
    """How many items are asked for.

    Raises:
        QueryError: it is not a number from 1 to 400.
    """
    first = arguments.get("first")
    if first is None:
        return _DEFAULT_PAGE
    if not isinstance(first, int) or isinstance(first, bool) or not 1 <= first <= _LARGEST_PAGE:
        raise QueryError(f'The argument "first" must be a number from 1 to {_LARGEST_PAGE}')
    return first
