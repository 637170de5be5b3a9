"""Just enough GraphQL to answer queries: parsing, and selecting fields.

Fragments, directives and mutations are refused. A type is a mapping from field names to values
or to resolvers, which get the field's arguments.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import msgspec

from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.event import Json

Resolver: TypeAlias = Callable[[Mapping[str, Json]], Awaitable[Json]]
ObjectType: TypeAlias = Mapping[str, "Json | Resolver"]

MAX_QUERY_LENGTH: Final = 16_384
MAX_NESTING: Final = 12
MAX_FIELDS: Final = 500

_TOKEN = re.compile(
    r"""
      (?P<space>  (?:[\s,\ufeff]|\#[^\n\r]*)+ )
    | (?P<number> -?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)? )
    | (?P<string> "(?:[^"\\\n\r]|\\.)*" )
    | (?P<name>   [_A-Za-z][_0-9A-Za-z]* )
    | (?P<mark>   \.\.\. | [!$():=@\[\]{}|&] )
    """,
    re.VERBOSE,
)
_CONSTANTS: Final[Mapping[str, Json]] = {"true": True, "false": False, "null": None}


class QueryError(EngineError):
    """The query cannot be answered."""

    code = "query_error"
    status = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A reference to a variable of the request."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a selection; `key` is its name in the answer."""

    key: str
    name: str
    arguments: Mapping[str, Json]
    selection: tuple["Field", ...]


def parse_query(text: str, operation: str | None = None) -> tuple[Field, ...]:
    """The selection of the one query of a document, or of the named one.

    Raises:
        QueryError: the document is not in the supported part of GraphQL, or has no such query.
    """
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryError(f"A query may have at most {MAX_QUERY_LENGTH} characters")
    operations = _Parser(text).document()
    if operation is None and len(operations) == 1:
        return operations[0][1]
    for name, selection in operations:
        if operation is not None and name == operation:
            return selection
    raise QueryError("Name one of the queries of the document in operationName")


async def execute(
    root: ObjectType, selection: Sequence[Field], variables: Mapping[str, Json]
) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    """The selected data, and the errors of fields that could not be resolved and are null.

    Raises:
        QueryError: a field does not exist, or a selection does not fit its type.
    """
    run = _Execution(variables)
    data = await run.select("Query", root, selection)
    return data, run.errors


class _Execution:
    def __init__(self, variables: Mapping[str, Json]) -> None:
        self._variables = variables
        self.errors: list[dict[str, Json]] = []

    async def select(
        self, parent: str, source: ObjectType, selection: Sequence[Field]
    ) -> dict[str, Json]:
        return {field.key: await self._field(parent, source, field) for field in selection}

    async def _field(self, parent: str, source: ObjectType, field: Field) -> Json:
        if field.name not in source:
            raise QueryError(f'Cannot query field "{field.name}" on "{parent}"')
        value = source[field.name]
        if not callable(value):
            return await self._complete(value, field)
        resolver = cast("Resolver", value)
        arguments = {name: self._value(given) for name, given in field.arguments.items()}
        try:
            resolved = await resolver(arguments)
        except QueryError:
            raise
        except EngineError as error:
            self.errors.append({"message": str(error), "path": [field.key]})
            return None
        return await self._complete(resolved, field)

    async def _complete(self, value: Json, field: Field) -> Json:
        if value is None:
            return None
        if isinstance(value, list):
            return [await self._complete(item, field) for item in value]
        if isinstance(value, Mapping):
            if not field.selection:
                raise QueryError(f'Field "{field.name}" must have a selection of subfields')
            return await self.select(field.name, value, field.selection)
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


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokenize(text)
        self._at = 0
        self._nesting = 0
        self._fields = 0

    def document(self) -> list[tuple[str | None, tuple[Field, ...]]]:
        operations = []
        while self._peek():
            operations.append(self._operation())
        if not operations:
            raise QueryError("The query is empty")
        return operations

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise QueryError("The query ends too early")
        self._at += 1
        return token

    def _accept(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _expect(self, token: str) -> None:
        found = self._take()
        if found != token:
            raise QueryError(f"Expected {token!r} in the query, found {found!r}")

    def _name(self) -> str:
        token = self._take()
        if not (token[0].isalpha() or token[0] == "_"):
            raise QueryError(f"Expected a name in the query, found {token!r}")
        return token

    def _operation(self) -> tuple[str | None, tuple[Field, ...]]:
        if self._peek() == "{":
            return None, self._selection()
        kind = self._name()
        if kind != "query":
            raise QueryError(f"Only queries are answered here, not {kind!r}")
        name = self._name() if self._peek() not in {"(", "{"} else None
        if self._accept("("):
            while not self._accept(")"):
                self._variable_definition()
        return name, self._selection()

    def _variable_definition(self) -> None:
        self._expect("$")
        self._name()
        self._expect(":")
        while self._peek() in {"[", "]", "!"} or self._peek()[:1].isalpha():
            self._at += 1
        if self._accept("="):
            self._value()

    def _selection(self) -> tuple[Field, ...]:
        self._deeper()
        self._expect("{")
        fields = [self._field()]
        while not self._accept("}"):
            fields.append(self._field())
        self._nesting -= 1
        return tuple(fields)

    def _deeper(self) -> None:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise QueryError(f"A query may nest at most {MAX_NESTING} deep")

    def _field(self) -> Field:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise QueryError(f"A query may select at most {MAX_FIELDS} fields")
        if self._peek() == "...":
            raise QueryError("Fragments are not supported; write the fields out")
        key = self._name()
        name = self._name() if self._accept(":") else key
        arguments = self._arguments() if self._accept("(") else {}
        if self._peek() == "@":
            raise QueryError("Directives are not supported; leave the field out instead")
        selection = self._selection() if self._peek() == "{" else ()
        return Field(key=key, name=name, arguments=arguments, selection=selection)

    def _arguments(self) -> dict[str, Json]:
        arguments: dict[str, Json] = {}
        while not self._accept(")"):
            name = self._name()
            self._expect(":")
            arguments[name] = self._value()
        return arguments

    def _value(self) -> Json:
        self._deeper()
        token = self._take()
        try:
            if token == "$":  # noqa: S105 - a token of the grammar
                return Variable(name=self._name())
            if token == "[":  # noqa: S105 - as above
                return self._list()
            if token == "{":  # noqa: S105 - as above
                return self._object()
            return _scalar(token)
        finally:
            self._nesting -= 1

    def _list(self) -> list[Json]:
        items: list[Json] = []
        while not self._accept("]"):
            items.append(self._value())
        return items

    def _object(self) -> dict[str, Json]:
        entries: dict[str, Json] = {}
        while not self._accept("}"):
            name = self._name()
            self._expect(":")
            entries[name] = self._value()
        return entries


def _tokenize(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryError(f"{text[position]!r} does not belong in a query")
        if match.lastgroup != "space":
            tokens.append(match.group())
        position = match.end()
    return tokens


def _scalar(token: str) -> Json:
    if token in _CONSTANTS:
        return _CONSTANTS[token]
    if token[0] == '"' or token[0] == "-" or token[0].isdigit():
        try:
            return msgspec.json.decode(token)
        except msgspec.DecodeError as error:
            raise QueryError(f"{token} is not a value") from error
    if token[0].isalpha() or token[0] == "_":
        return token
    raise QueryError(f"Expected a value in the query, found {token!r}")
