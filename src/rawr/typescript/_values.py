"""Domain values of browser-safe entries: types of their literals, constants, and tables.

A domain function of one literal or enum is written as a table of all its answers, so that a
browser cannot judge a state in another way than the server. Other functions stay on the server.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from types import FunctionType
from typing import Any, Final, Literal, get_args, get_origin

from rawr.contract import Contract
from rawr.schema import Json, adapt

from ._declarations import Declarations
from ._errors import TypeScriptError
from ._names import Names
from ._text import camel, comment, key, literal, paragraphs, pascal

Choices = tuple[str | int | bool | None, ...]

_SCALARS: Final = (str, int, float, bool, type(None))


class DomainValues:
    """The exports of the browser-safe entries, as declarations."""

    def __init__(self, entries: Mapping[str, Mapping[str, object]]) -> None:
        self._exports = [
            (capability, name, value)
            for capability, exports in entries.items()
            for name, value in exports.items()
            if not _is_contract(value)
        ]
        self._names: dict[str, str] = {}
        """Names of unions of literals, by how the union is written."""

    def name_types(self, types: Names) -> None:
        """Take the names of literal types, before anything refers to one."""
        for capability, name, value in self._exports:
            choices = _choices(value)
            if choices is not None and _union(choices) not in self._names:
                wanted = pascal(name)
                taken = types.take(wanted)
                if taken != wanted:
                    taken = types.take(pascal(f"{capability}_{name}"))
                self._names[_union(choices)] = taken

    def name_of(self, union: str) -> str | None:
        """The name of a union of literals, if it has one."""
        return self._names.get(union)

    def write(self, declarations: Declarations, values: Names) -> Iterator[str]:
        """Every export.

        Raises:
            TypeScriptError: One has no form in TypeScript.
        """
        written: set[str] = set()
        for capability, name, value in self._exports:
            choices = _choices(value)
            if choices is not None:
                union = _union(choices)
                if union not in written:
                    written.add(union)
                    yield self._choice_type(union, choices, value, values)
            elif isinstance(value, type):
                declarations.use(adapt(value), "output")
            else:
                own = values.take(_value_name(name))
                if own != _value_name(name):
                    own = values.take(camel(f"{capability}_{name}"))
                yield self._value(own, f"{capability}.{name}", value)

    def _choice_type(self, union: str, choices: Choices, value: object, values: Names) -> str:
        name = self._names[union]
        values.take(name)
        about = comment(paragraphs(value.__doc__ if isinstance(value, type) else None))
        listed = ", ".join(map(literal, choices))
        return (
            f"{about}export const {name} = [{listed}] as const\n"
            f"export type {name} = (typeof {name})[number]\n"
        )

    def _value(self, own: str, name: str, value: object) -> str:
        if isinstance(value, FunctionType):
            return self._table(own, name, value)
        plain = _plain(value)
        if plain is None and value is not None:
            raise TypeScriptError(
                f"{name} is a {type(value).__name__}, which has no form in TypeScript; export "
                "literals, enums, schemas, plain values and functions, or leave "
                "it out of __all__"
            )
        return f"export const {own} = {literal(plain)} as const\n"

    def _table(self, own: str, name: str, function: FunctionType) -> str:
        found = _only_choice(function)
        if found is None:
            return f"// {name} is no function of one literal, so it stays on the server.\n"
        parameter, choices = found
        union = _union(choices)
        kind = self._names.get(union, union)
        answers = {choice: _answer(name, function, choice) for choice in choices}
        results = self._result_type(function, answers.values())
        rows = "".join(f"  {key(str(one))}: {literal(answers[one])},\n" for one in choices)
        about = comment(paragraphs(function.__doc__))
        return (
            f"const {own}Table: Record<{kind}, {results}> = {{\n{rows}}}\n"
            f"{about}export function {own}({parameter}: {kind}): {results} {{\n"
            f"  return {own}Table[{parameter}]\n}}\n"
        )

    def _result_type(self, function: FunctionType, answers: Any) -> str:
        declared = _hints(function).get("return")
        if declared is bool:
            return "boolean"
        union = _union(_choices(declared) or tuple(dict.fromkeys(answers)))
        return self._names.get(union, union)


def _is_contract(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Contract)


def _choices(value: object) -> Choices | None:
    if get_origin(value) is Literal:
        return get_args(value)
    if isinstance(value, type) and issubclass(value, Enum):
        members = tuple(member.value for member in value)
        return members if all(isinstance(one, _SCALARS) for one in members) else None
    return None


def _union(choices: Choices) -> str:
    return " | ".join(map(literal, choices))


def _value_name(name: str) -> str:
    return name if name.isupper() else camel(name)


def _plain(value: object) -> Json:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return _plain(sorted(value, key=repr))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(_plain(name)): _plain(item) for name, item in value.items()}
    return value if isinstance(value, _SCALARS) else None


def _only_choice(function: FunctionType) -> tuple[str, Choices] | None:
    parameters = [*inspect.signature(function).parameters]
    choices = _choices(_hints(function).get(parameters[0])) if len(parameters) == 1 else None
    return None if choices is None else (camel(parameters[0]), choices)


def _hints(function: FunctionType) -> dict[str, Any]:
    return inspect.get_annotations(function, eval_str=True)


def _answer(name: str, function: Callable[..., object], choice: object) -> Json:
    try:
        answer = _plain(function(choice))
    except Exception as error:
        raise TypeScriptError(
            f"{name}({choice!r}) raises {error!r}; leave it out of __all__, or let it answer"
        ) from error
    return answer
