"""Why a call got no answer a caller could use.

LinkError
├── ConnectFailed        the request never reached the server
├── TimedOut             no complete answer within the time allowed
├── ConnectionLost       the connection broke before the answer was complete
├── ReaderTooSlow        more events came than the link keeps for their reader
└── ProtocolError        an answer came, but not one of an oRPC server
    ├── HandshakeRefused the server opens no websocket for this caller
    ├── Redirected       the server points somewhere else; links do not follow
    ├── ResponseTooLarge the answer is larger than the link accepts
    └── ContractMismatch the answer is not what the contract promises

What the procedure itself reports is an `ORPCError`, never a `LinkError`.
"""

from rawr.contract import LinkError

__all__ = [
    "ConnectFailed",
    "ConnectionLost",
    "ContractMismatch",
    "HandshakeRefused",
    "LinkError",
    "ProtocolError",
    "ReaderTooSlow",
    "Redirected",
    "ResponseTooLarge",
    "TimedOut",
]


class ConnectFailed(LinkError):
    """The server could not be reached; nothing was sent."""

    retryable = True


class TimedOut(LinkError):
    """No complete answer came in time; the procedure may have run."""


class ConnectionLost(LinkError):
    """The connection broke before the answer was complete; the procedure may have run."""


class ReaderTooSlow(LinkError):
    """More events came than the link keeps for their reader; read them sooner.

    All calls of a websocket share it, so one slow reader must not hold up the others.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"Events of about {limit} bytes wait to be read; read them as they come, or raise "
            "max_buffered_bytes of the link"
        )


class ProtocolError(LinkError):
    """The answer is not one of an oRPC server; check the link's URL and prefix."""


class HandshakeRefused(ProtocolError):
    """The server opens no websocket for this caller; check the URL and the credentials."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(
            f"The server answered the websocket handshake with status {status}; check the "
            "link's URL and its connect_headers"
        )


class Redirected(ProtocolError):
    """The server redirects the call; point the link at the new place if you trust it."""

    def __init__(self, status: int, location: str) -> None:
        self.status = status
        self.location = location
        super().__init__(
            f"The server redirects ({status}) to {location or 'nowhere'}. Links follow no "
            "redirects, so that credentials stay where they were sent: correct the link's URL"
        )


class ResponseTooLarge(ProtocolError):
    """The answer is larger than the link accepts; raise `max_response_bytes` if it is due."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"The answer is larger than {limit} bytes; page the result or raise "
            "max_response_bytes of the link"
        )


class ContractMismatch(ProtocolError):
    """The answer is not what the contract promises; client and server differ in version."""
