"""The wire: codecs that turn values into bytes and back, without touching a socket."""

from rawr._public import show_errors
from rawr.schema import Map

from ._errors import DecodeError, EncodeError, ErrorEvent, WireError
from ._json import (
    MAX_DEPTH,
    MAX_SAFE_INTEGER,
    RecordWriter,
    dump_json,
    flat_writer,
    load_json,
    parse_json,
    record_writer,
)
from ._values import (
    INVALID_DATE,
    FormData,
    InvalidDate,
    MapEntries,
    SetMembers,
    URLSearchParams,
)

__all__ = [
    "INVALID_DATE",
    "MAX_DEPTH",
    "MAX_SAFE_INTEGER",
    "DecodeError",
    "EncodeError",
    "ErrorEvent",
    "FormData",
    "InvalidDate",
    "Map",
    "MapEntries",
    "RecordWriter",
    "SetMembers",
    "URLSearchParams",
    "WireError",
    "dump_json",
    "flat_writer",
    "load_json",
    "parse_json",
    "record_writer",
]

show_errors(__name__, globals())
