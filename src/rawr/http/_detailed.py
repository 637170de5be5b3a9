"""Detailed structures: input and output with their HTTP parts apart (OpenAPI protocol)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rawr.contract import Route, is_error_status
from rawr.schema import UNDEFINED, SchemaAdapter

from ._body import encode_headers
from ._request import Request
from ._response import Header

DetailedReader = Callable[[Request, object, object], dict[str, object]]
"""Puts request, decoded query and decoded body together."""


def detailed_reader(schema: SchemaAdapter[Any] | None) -> DetailedReader:
    """How the input of a detailed procedure is put together.

    Only parts the schema knows are given, and a closed `headers` schema gets only headers it
    knows: every request carries more of them than any schema lists.
    """
    known = _Known.of({} if schema is None else schema.json_schema("input"))

    def read(request: Request, query: object, body: object) -> dict[str, object]:
        parts = {
            "params": dict(request.params),
            "query": query,
            "headers": _headers(request, known.headers),
            "body": body,
        }
        return {
            name: part
            for name, part in parts.items()
            if part is not UNDEFINED and (known.parts is None or name in known.parts)
        }

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedOutput:
    """A detailed output, checked: `{status?, headers?, body?}`."""

    status: int
    headers: list[Header]
    body: object

    @classmethod
    def of(cls, value: object, route: Route) -> "DetailedOutput":
        """Read a dumped output.

        Raises:
            TypeError: It is not of that form, or its status is no success.
            EncodeError: A header cannot be sent.
        """
        if not isinstance(value, Mapping):
            raise TypeError(f"{_EXPECTED}, got {value!r}")
        status = value.get("status")
        headers = value.get("headers")
        if status is None:
            status = route.success_status
        if type(status) is not int or is_error_status(status):
            raise TypeError(f"{_EXPECTED}, got status {status!r}")
        if headers is not None and not isinstance(headers, Mapping):
            raise TypeError(f"{_EXPECTED}, got headers {headers!r}")
        return cls(
            status=status,
            headers=encode_headers(_lines(headers or {})),
            body=value.get("body", UNDEFINED),
        )


_EXPECTED: Final = (
    "A detailed output is a mapping with an optional status (200 to 399), headers "
    "(text or lists of text by name) and body"
)


def _lines(headers: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        for item in value if isinstance(value, list | tuple) else (value,):
            if item is not None and item is not UNDEFINED:
                yield name, str(item)


def _headers(request: Request, known: frozenset[str] | None) -> dict[str, str | list[str]]:
    headers: dict[str, str | list[str]] = {}
    for raw_name, raw_value in request.raw_headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if known is not None and name not in known:
            continue
        earlier = headers.get(name)
        if earlier is None:
            headers[name] = value
        else:
            headers[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
    return headers


@dataclass(frozen=True, slots=True)
class _Known:
    """Property names a closed schema accepts; None where it accepts any."""

    parts: frozenset[str] | None
    headers: frozenset[str] | None

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> "_Known":
        definitions = schema.get("$defs", {})
        root = _resolve(schema, definitions)
        headers = root.get("properties", {}).get("headers", {})
        return cls(_closed(root), _closed(_resolve(headers, definitions)))


def _resolve(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: Mapping[str, Any] = definitions.get(name, schema)
    return found


def _closed(schema: Mapping[str, Any]) -> frozenset[str] | None:
    if schema.get("additionalProperties") is not False:
        return None
    return frozenset(schema.get("properties", {}))
