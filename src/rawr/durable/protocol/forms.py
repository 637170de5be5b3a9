"""Form bodies as webhooks send them (Inngest wire, event API)."""

from email import message_from_bytes, policy
from email.message import Message
from typing import Final
from urllib.parse import parse_qsl

from rawr.durable.domain.errors import EventRejected

URL_ENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"

MAX_FIELDS: Final = 1000


def is_form(content_type: str) -> bool:
    """True for the content types browsers and webhooks send forms with."""
    return _essence(content_type) in {URL_ENCODED, MULTIPART}


def read_form(body: bytes, content_type: str) -> dict[str, list[str]]:
    """Return the values of each field of a form, in order; files of a multipart are left out.

    Raises:
        EventRejected: the body is not the form its content type says, or has too many fields.
    """
    try:
        pairs = _multipart(body, content_type) if _is_multipart(content_type) else _encoded(body)
    except (ValueError, LookupError) as error:
        raise EventRejected(f"The form cannot be read: {error}") from error
    if len(pairs) > MAX_FIELDS:
        raise EventRejected(f"The form has more than {MAX_FIELDS} fields")
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _essence(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _is_multipart(content_type: str) -> bool:
    return _essence(content_type) == MULTIPART


def _encoded(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)


def _multipart(body: bytes, content_type: str) -> list[tuple[str, str]]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    form = message_from_bytes(head + body, policy=policy.HTTP)
    if form.defects or not form.is_multipart():
        raise ValueError("the multipart body does not fit its boundary")
    return [field for part in form.iter_parts() if (field := _field(part)) is not None]


def _field(part: Message) -> tuple[str, str] | None:
    name = part.get_param("name", header="content-disposition")
    if not isinstance(name, str) or part.get_filename() is not None:
        return None
    content = part.get_payload(decode=True)
    return name, content.decode() if isinstance(content, bytes) else ""
