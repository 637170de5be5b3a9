"""HTTP as links see it, and the port to whatever sends it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

from ._upload import UploadBody

Headers = Mapping[str, str]
"""Header fields by lower-case name; repeated fields are joined by `", "`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPRequest:
    """A request, complete with its body or what makes it."""

    method: str
    url: str
    headers: Headers = field(default_factory=dict)
    body: "bytes | UploadBody | None" = None
    expects_events: bool = False
    """Whether the contract says that the answer is an event iterator."""


async def _nothing() -> None:
    """Close what needs no closing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPResponse:
    """A response whose body is still to be read; whoever gets it closes it."""

    status: int
    headers: Headers
    chunks: AsyncIterator[bytes]
    """The body with its content encoding undone; raises `LinkError`s."""
    close: Callable[[], Awaitable[None]] = _nothing

    @classmethod
    def of(cls, status: int, headers: Headers, content: bytes) -> Self:
        """A response that has been read already."""
        return cls(status=status, headers=headers, chunks=_single(content))


class Transport(Protocol):
    """Sends HTTP requests; the place for fakes and for wrappers that see whole messages."""

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        """Send without following redirects; return once the response head is there.

        A body that is an event iterator is closed by whoever sends it.

        Raises:
            LinkError: There is no response.
        """
        ...

    async def aclose(self) -> None:
        """Give back what the transport opened itself."""
        ...


async def _single(content: bytes) -> AsyncIterator[bytes]:
    if content:
        yield content
