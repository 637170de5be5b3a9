"""The ports between the one handler and the protocols it speaks."""

from typing import Any, Protocol

from rawr.contract import ORPCError
from rawr.wire.event_iterator import IteratorDecoder

from ._operation import Operation
from ._request import Match, Request
from ._response import Response


class Matcher(Protocol):
    """Finds the operation a method and a raw path lead to, under one prefix."""

    def match(self, method: str, path: bytes) -> Match | None:
        """The operation and its decoded path parameters; None where nothing matches."""
        ...


class Codec(Protocol):
    """One protocol: how requests are read and results, errors and events are written."""

    def reads_body(self, request: Request) -> bool:
        """Whether the input of this request depends on its body as a whole."""
        ...

    def decode(self, request: Request, body: bytes) -> object:
        """The input as wire values, `UNDEFINED` where there is none.

        Raises:
            DecodeError: The request is malformed.
            ORPCError: It is refused for another reason.
        """
        ...

    def event_decoder(self, max_event_bytes: int) -> IteratorDecoder:
        """A reader of event iterators that clients send."""
        ...

    def encode(self, operation: Operation, output: object) -> Response:
        """The response of a successful call.

        Raises:
            EncodeError: The output has no form on the wire.
        """
        ...

    def encode_error(self, error: ORPCError[Any]) -> Response:
        """The response of a failed call.

        Raises:
            EncodeError: The error's data has no form on the wire.
        """
        ...
