"""Reading the small forms of the pages."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.types import Receive, Scope

_MAX_FORM_BYTES: Final = 4096


async def read_form(receive: Receive) -> Mapping[str, str] | None:
    """The fields of a form, the last one where a name repeats; none if it is too large.

    None if the client left before it was complete.
    """
    body = b""
    while len(body) <= _MAX_FORM_BYTES:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return {} if len(body) > _MAX_FORM_BYTES else _fields(body)


def query_field(scope: Scope, name: str) -> str:
    """A field of the query, empty if it is not there."""
    return _fields(scope.get("query_string", b"")).get(name, "")


def _fields(encoded: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(encoded.decode("latin-1"), keep_blank_values=True, max_num_fields=16)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}
