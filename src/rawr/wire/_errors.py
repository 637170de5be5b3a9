"""Failures of the codecs.

WireError
├── DecodeError      what the other side sent cannot be read; servers answer 400
├── EncodeError      our own value has no form on the wire; servers answer 500
└── ErrorEvent       a stream ended with an error that is not an oRPC error
"""

from rawr.schema import UNDEFINED


class WireError(Exception):
    """A value could not cross the wire."""


class DecodeError(WireError):
    """The bytes received break the protocol; the sender must change them."""


class EncodeError(WireError):
    """The value has no form on the wire; the message says what to return instead."""


class ErrorEvent(WireError):
    """An event iterator ended with an error event whose data is no oRPC error."""

    def __init__(self, data: object = UNDEFINED) -> None:
        self.data = data
        super().__init__("An error event was received")
