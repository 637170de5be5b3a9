"""The port between a link and a protocol: RPC and OpenAPI differ in nothing else."""

from typing import Any, Protocol

from rawr.contract import LinkCall, ORPCError
from rawr.wire.event_iterator import IteratorDecoder

from ._messages import Headers, HTTPRequest


class LinkCodec(Protocol):
    """Writes calls as HTTP requests and reads what comes back.

    Reading raises `DecodeError` where the bytes break the protocol.
    """

    def encode(self, call: LinkCall, headers: Headers) -> HTTPRequest:
        """The request of a call whose input is wire values already.

        `headers` are those of the link and the caller.
        """
        ...

    def decode(self, call: LinkCall, status: int, headers: Headers, body: bytes) -> object:
        """The output of a successful call, before its schema has seen it."""
        ...

    def decode_error(self, status: int, headers: Headers, body: bytes) -> ORPCError[Any]:
        """The error a procedure answered with, however badly it is formed."""
        ...

    def event_decoder(self, max_event_bytes: int) -> IteratorDecoder:
        """What reads one event iterator."""
        ...

    def expects_redirect(self, call: LinkCall) -> bool:
        """Whether a status from 300 to 399 is an output of this procedure."""
        ...
