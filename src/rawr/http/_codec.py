"""The ports between the one handler and the protocols it speaks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from rawr.contract import ORPCError
from rawr.wire import RecordWriter
from rawr.wire.event_iterator import IteratorDecoder

from ._operation import Operation
from ._request import Match, Request
from ._response import Response

Address: TypeAlias = tuple[str, bytes]
"""A method, and a raw path under the prefix of a handler."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonForm:
    """How a protocol puts the calls of one operation into whole JSON bodies."""

    status: int
    """Of a success."""
    reader: Callable[[Callable[[object], Any]], Callable[[bytes], Any]]
    """What reads inputs: passes them on as wire values, `UNDEFINED` where there is none.

    It fails, in whatever way, on what is malformed or unusual: `Codec.decode` tells of it.
    """
    encode: Callable[[object], bytes | Response]
    """The body of dumped output; a response where it is more than JSON."""
    record_writer: RecordWriter
    """Makes the same for instances that can be written without a dump."""


class Matcher(Protocol):
    """Finds the operation a method and a raw path lead to, under one prefix."""

    def address(self, operation: Operation) -> Address | None:
        """Where clients send an operation's input in a body; None if in the path or the query."""
        ...

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

    def json_form(self, operation: Operation) -> JsonForm | None:  # noqa: ARG002 - for those who override it
        """How an operation is called with JSON alone; None if that needs the request as well."""
        return None

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
