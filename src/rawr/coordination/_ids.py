"""Ids that are safe in paths and URLs, and digests that identify an input."""

import hashlib
import re

import msgspec

from rawr.coordination._errors import InvalidId
from rawr.schema import Json

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def check_id(kind: str, value: str) -> str:
    """Return `value` if it is path-safe; `kind` names it in the error.

    Raises:
        InvalidId: it is blank, too long, or has characters a path could misread.
    """
    if _ID.fullmatch(value) is None:
        raise InvalidId(kind, value)
    return value


def event_id_of(event_name: str, run_id: str) -> str:
    """Return the id a run's event is sent with, so that the engine admits it once."""
    return f"{event_name}:{run_id}"


def signal_id_of(event_name: str, run_id: str, key: str) -> str:
    """Return the id a signal to a run is sent with; its last part is never taken for a run's id."""
    return f"{event_name}:{run_id}:key={key}"


def run_id_of(event_id: str) -> str:
    """Return the run id within an event id; of an event that is no run's, nothing that exists."""
    return event_id.rpartition(":")[2]


def digest(value: Json) -> str:
    """Return the SHA-256 of canonical JSON, hexadecimal; the order of keys does not count."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
