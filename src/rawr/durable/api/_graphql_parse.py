"""Reading GraphQL documents: the part of the language that clients of an engine use.

Directives are refused; a fragment's fields are taken where it stands.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.event import Json

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
_NO_DIRECTIVES: Final = "Directives are not supported; leave the field out instead"
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
    selection: "Selection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A fragment in a selection: inline, or the name of one defined elsewhere.

    Attributes:
        type_name: The type its fields are for; `None` for any.
    """

    type_name: str | None = None
    selection: "Selection" = ()
    fragment: str | None = None


Selection = tuple[Field | Spread, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A query or a mutation."""

    name: str | None
    selection: Selection
    is_mutation: bool = False
    fragments: Mapping[str, Spread]
    defaults: Mapping[str, Json] = field(default_factory=dict)


def parse_query(text: str, operation: str | None = None) -> Operation:
    """The one operation of a document, or the named one.

    Raises:
        QueryError: the document is not in the supported part of GraphQL, or has no such operation.
    """
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryError(f"A query may have at most {MAX_QUERY_LENGTH} characters")
    operations = _Parser(text).document()
    if operation is None and len(operations) == 1:
        return operations[0]
    for one in operations:
        if operation is not None and one.name == operation:
            return one
    raise QueryError("Name one of the operations of the document in operationName")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokenize(text)
        self._at = 0
        self._nesting = 0
        self._fields = 0

    def document(self) -> list[Operation]:
        operations: list[Operation] = []
        fragments: dict[str, Spread] = {}
        while self._peek():
            if self._accept("fragment"):
                name = self._name()
                fragments[name] = self._fragment()
            else:
                operations.append(self._operation(fragments))
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

    def _operation(self, fragments: Mapping[str, Spread]) -> Operation:
        if self._peek() == "{":
            return Operation(name=None, selection=self._selection(), fragments=fragments)
        kind = self._name()
        if kind not in {"query", "mutation"}:
            raise QueryError(f"Only queries and mutations are answered here, not {kind!r}")
        name = self._name() if self._peek() not in {"(", "{"} else None
        defaults: dict[str, Json] = {}
        if self._accept("("):
            while not self._accept(")"):
                defaults.update(self._variable_definition())
        return Operation(
            name=name,
            selection=self._selection(),
            is_mutation=kind == "mutation",
            fragments=fragments,
            defaults=defaults,
        )

    def _fragment(self) -> Spread:
        self._expect("on")
        return Spread(type_name=self._name(), selection=self._selection())

    def _variable_definition(self) -> dict[str, Json]:
        """Return the default of a variable, under its name, if it has one."""
        self._expect("$")
        name = self._name()
        self._expect(":")
        while self._peek() in {"[", "]", "!"} or self._peek()[:1].isalpha():
            self._at += 1
        return {name: self._value()} if self._accept("=") else {}

    def _selection(self) -> Selection:
        self._deeper()
        self._expect("{")
        selected = [self._selected()]
        while not self._accept("}"):
            selected.append(self._selected())
        self._nesting -= 1
        return tuple(selected)

    def _selected(self) -> Field | Spread:
        if not self._accept("..."):
            return self._field()
        if self._peek() == "on":
            return self._fragment()
        if self._peek() == "{":
            return Spread(selection=self._selection())
        if self._peek() == "@":
            raise QueryError(_NO_DIRECTIVES)
        return Spread(fragment=self._name())

    def _deeper(self) -> None:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise QueryError(f"A query may nest at most {MAX_NESTING} deep")

    def _field(self) -> Field:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise QueryError(f"A query may select at most {MAX_FIELDS} fields")
        key = self._name()
        name = self._name() if self._accept(":") else key
        arguments = self._arguments() if self._accept("(") else {}
        if self._peek() == "@":
            raise QueryError(_NO_DIRECTIVES)
        selection: Selection = self._selection() if self._peek() == "{" else ()
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
