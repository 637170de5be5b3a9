"""Just enough GraphQL to answer operations: selecting fields from plain objects.

An object is a mapping from field names to values or to resolvers, which get the field's arguments.
`__typename` says which fragments are for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias, cast

from rawr.durable.api._graphql_parse import (
    MAX_FIELDS,
    Field,
    Operation,
    QueryError,
    Selection,
    Spread,
    Variable,
)
from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.event import Json

Resolver: TypeAlias = Callable[[Mapping[str, Json]], Awaitable[Json]]
ObjectType: TypeAlias = Mapping[str, "Json | Resolver"]

TYPE_NAME: Final = "__typename"


async def execute(
    root: ObjectType, operation: Operation, variables: Mapping[str, Json]
) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    """The selected data, and the errors of fields that could not be resolved and are null.

    Raises:
        QueryError: a field does not exist, or a selection does not fit its type.
    """
    run = _Execution(operation, variables)
    kind = "Mutation" if operation.is_mutation else "Query"
    data = await run.select(kind, {TYPE_NAME: kind, **root}, operation.selection, ())
    return data, run.errors


def error_json(error: EngineError, path: tuple[str, ...] = ()) -> dict[str, Json]:
    """An error as a response lists it."""
    shape: dict[str, Json] = {"message": str(error), "extensions": {"code": error.code}}
    return {**shape, "path": list(path)} if path else shape


class _Execution:
    def __init__(self, operation: Operation, variables: Mapping[str, Json]) -> None:
        self._fragments = operation.fragments
        self._variables = {**operation.defaults, **variables}
        self.errors: list[dict[str, Json]] = []

    async def select(
        self, parent: str, source: ObjectType, selection: Selection, path: tuple[str, ...]
    ) -> dict[str, Json]:
        fields = self._fields(source, selection)
        return {one.key: await self._field(parent, source, one, (*path, one.key)) for one in fields}

    def _fields(self, source: ObjectType, selection: Selection) -> list[Field]:
        """Return the fields of a selection, with those of the fragments that are for the object."""
        fields: list[Field] = []
        pending = [*reversed(selection)]
        for _ in range(MAX_FIELDS):
            if not pending:
                return fields
            one = pending.pop()
            if isinstance(one, Field):
                fields.append(one)
                continue
            spread = self._defined(one)
            if spread.type_name in {None, source.get(TYPE_NAME, spread.type_name)}:
                pending += reversed(spread.selection)
        raise QueryError(f"A selection may have at most {MAX_FIELDS} fields")

    def _defined(self, spread: Spread) -> Spread:
        if spread.fragment is None:
            return spread
        defined = self._fragments.get(spread.fragment)
        if defined is None:
            raise QueryError(f'Unknown fragment "{spread.fragment}"')
        return defined

    async def _field(
        self, parent: str, source: ObjectType, field: Field, path: tuple[str, ...]
    ) -> Json:
        if field.name not in source:
            raise QueryError(f'Cannot query field "{field.name}" on "{parent}"')
        value = source[field.name]
        if not callable(value):
            return await self._complete(value, field, path)
        resolver = cast("Resolver", value)
        arguments = {name: self._value(given) for name, given in field.arguments.items()}
        try:
            resolved = await resolver(arguments)
        except QueryError:
            raise
        except EngineError as error:
            self.errors.append(error_json(error, path))
            return None
        return await self._complete(resolved, field, path)

    async def _complete(self, value: Json, field: Field, path: tuple[str, ...]) -> Json:
        if value is None:
            return None
        if isinstance(value, list):
            return [await self._complete(item, field, path) for item in value]
        if isinstance(value, Mapping):
            if not field.selection:
                raise QueryError(f'Field "{field.name}" must have a selection of subfields')
            return await self.select(field.name, value, field.selection, path)
        if field.selection:
            raise QueryError(f'Field "{field.name}" has no subfields')
        return value

    def _value(self, given: Json) -> Json:
        if isinstance(given, Variable):
            return self._variables.get(given.name)
        if isinstance(given, list):
            return [self._value(item) for item in given]
        if isinstance(given, dict):
            return {name: self._value(item) for name, item in given.items()}
        return given
