"""Where the parts of an input go, and where those of an output come from (OpenAPI protocol)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rawr.contract import LinkCall, ProcedureDefinition
from rawr.schema import UNDEFINED
from rawr.wire import EncodeError
from rawr.wire.openapi import OpenAPISerializer
from rawr.wire.path import encode_path, encode_segment

from ._messages import Headers

METHODS_WITHOUT_BODY: Final = ("GET", "HEAD")

_PARAMETER: Final = re.compile(r"(?<=/)\{\+?([^}]+)\}")
_REPEATED_SLASH: Final = re.compile(r"/{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputParts:
    """An input, taken apart."""

    path: str
    """Encoded, with its parameters filled in."""
    query: object = UNDEFINED
    body: object = UNDEFINED
    headers: Headers = field(default_factory=dict)


def split_input(call: LinkCall, serializer: OpenAPISerializer) -> InputParts:
    """The parts of a call whose input is wire values already.

    Raises:
        EncodeError: The input lacks what the path or the structure asks for.
    """
    if call.contract.definition.route.input_structure == "detailed":
        return _detailed(call, serializer)
    return _compact(call, serializer)


def declared_output(definition: ProcedureDefinition, output: dict[str, Any]) -> dict[str, Any]:
    """Those of `status`, `headers` and `body` that the output's schema speaks of.

    The server always has all three; a closed schema that declares one is not to fail for
    the others.
    """
    if output["body"] is UNDEFINED:
        del output["body"]
    declared: object = None
    if definition.output is not None:
        declared = definition.output.json_schema("input").get("properties")
    if not isinstance(declared, Mapping):
        return output
    return {name: value for name, value in output.items() if name in declared}


def _compact(call: LinkCall, serializer: OpenAPISerializer) -> InputParts:
    template = _template(call)
    names = _PARAMETER.findall(template)
    rest: object = call.input
    if names:
        fields = _fields(call, call.input, "input")
        template = _fill(call, template, fields, serializer)
        rest = {name: value for name, value in fields.items() if name not in names} or UNDEFINED
    if call.contract.definition.route.effective_method in METHODS_WITHOUT_BODY:
        return InputParts(path=template, query=rest)
    return InputParts(path=template, body=rest)


def _detailed(call: LinkCall, serializer: OpenAPISerializer) -> InputParts:
    given = {} if call.input is UNDEFINED else _fields(call, call.input, "input")
    parts = {name: value for name, value in given.items() if value is not None}
    template = _template(call)
    if _PARAMETER.search(template):
        params = _fields(call, parts.get("params"), "input.params")
        template = _fill(call, template, params, serializer)
    headers = _fields(call, parts.get("headers", {}), "input.headers")
    return InputParts(
        path=template,
        query=parts.get("query", UNDEFINED),
        body=parts.get("body", UNDEFINED),
        headers={
            name.lower(): ", ".join(_text(item, serializer) or "" for item in _listed(value))
            for name, value in headers.items()
            if value is not None and value is not UNDEFINED
        },
    )


def _template(call: LinkCall) -> str:
    path = call.contract.definition.route.path or encode_path(call.path)
    return "/" + _REPEATED_SLASH.sub("/", path).strip("/")


def _fill(
    call: LinkCall, template: str, values: Mapping[str, Any], serializer: OpenAPISerializer
) -> str:
    def fill(found: re.Match[str]) -> str:
        text = _text(values.get(found[1], UNDEFINED), serializer)
        if not text:
            raise EncodeError(
                f"{'.'.join(call.path)}: the path {template} needs text or a number for {found[1]}"
            )
        return encode_segment(text)

    return _PARAMETER.sub(fill, template)


def _text(value: object, serializer: OpenAPISerializer) -> str | None:
    """A single value as the text it has in a query; None for what has none."""
    entries = serializer.serialize_query({"v": value}).entries
    return entries[0][1] if len(entries) == 1 and entries[0][0] == "v" else None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _fields(call: LinkCall, value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EncodeError(
            f"{'.'.join(call.path)}: {name} must be an object with named fields, "
            f"not {type(value).__name__}"
        )
    return value
