"""Sending with httpx2, or with the httpx client an application already has."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, cast, runtime_checkable

from typing_extensions import override

from ._errors import ConnectFailed, ConnectionLost, LinkError, ProtocolError, TimedOut
from ._messages import HTTPRequest, HTTPResponse, Transport
from ._upload import UploadBody

_USER_INFO = re.compile(r"//[^/@]*@")


@runtime_checkable
class HTTPClient(Protocol):
    """What `httpx2.AsyncClient` and `httpx.AsyncClient` have in common, as far as it is used."""

    def build_request(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[bytes, bytes]],
        content: bytes | AsyncIterable[bytes] | None,
        timeout: None,
    ) -> Any:
        """Prepare a request with the client's own headers and authentication."""
        ...

    async def send(self, request: Any, *, stream: bool, follow_redirects: bool) -> Any:
        """Send it and return once the response head is there."""
        ...


class HTTPXTransport(Transport):
    """Sends with a given client, else with one of its own that keeps no cookies.

    A given client stays open when the transport closes. The links time calls themselves, so
    its timeouts do not apply.

    >>> import httpx2
    >>> from rawr.client import RPCLink
    >>> shared = httpx2.AsyncClient(verify=False)
    >>> link = RPCLink("https://hq.example.com/rpc", client=HTTPXTransport(shared))
    """

    def __init__(self, client: HTTPClient | None = None) -> None:
        self._client = client
        self._owned: Any = None
        self._library: ModuleType | None = None

    @override
    async def send(self, request: HTTPRequest) -> HTTPResponse:
        client = self._client or self._own_client()
        library = self._library = self._library or _library_of(client)
        try:
            prepared = client.build_request(
                request.method,
                request.url,
                headers=_encoded(request.headers),
                content=request.body,
                timeout=None,
            )
            response = await client.send(prepared, stream=True, follow_redirects=False)
        except (library.HTTPError, library.InvalidURL) as error:
            raise _link_error(error, library, request) from error
        finally:
            if isinstance(request.body, UploadBody):
                await request.body.aclose()
        return HTTPResponse(
            status=response.status_code,
            headers=_joined(response.headers.multi_items()),
            chunks=_chunks(response, library, request),
            close=response.aclose,
        )

    @override
    async def aclose(self) -> None:
        owned, self._owned = self._owned, None
        if owned is not None:
            await owned.aclose()

    def _own_client(self) -> HTTPClient:
        if self._owned is None:
            from http.cookiejar import CookieJar, DefaultCookiePolicy

            import httpx2

            # One link serves many callers; what one is told to remember is not the next one's.
            no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
            self._owned = httpx2.AsyncClient(cookies=no_cookies)
        return cast("HTTPClient", self._owned)


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As UTF-8, which is what an event's id may need."""
    return [(name.encode("ascii"), value.encode()) for name, value in headers.items()]


def _joined(items: list[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in items:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


async def _chunks(response: Any, library: ModuleType, request: HTTPRequest) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    except (library.HTTPError, library.StreamError) as error:
        raise _link_error(error, library, request) from error


def _library_of(client: object) -> ModuleType:
    """httpx2 or httpx: whose exceptions the client raises."""
    for base in type(client).__mro__:
        root = base.__module__.partition(".")[0]
        if root in ("httpx2", "httpx"):
            return import_module(root)
    raise TypeError(
        f"{type(client).__name__} is neither an httpx2 nor an httpx AsyncClient; "
        "wrap other clients in a Transport"
    )


def _link_error(error: Exception, library: ModuleType, request: HTTPRequest) -> LinkError:
    where = _USER_INFO.sub("//", request.url.partition("?")[0])
    reason = str(error) or type(error).__name__
    unreachable = (
        library.ConnectError,
        library.ConnectTimeout,
        library.PoolTimeout,
        library.ProxyError,
        library.UnsupportedProtocol,
        library.InvalidURL,
    )
    if isinstance(error, unreachable):
        return ConnectFailed(f"Cannot reach {where}: {reason}. Check the URL and the server")
    if isinstance(error, library.TimeoutException):
        return TimedOut(f"{where} did not answer in time: {reason}")
    if isinstance(error, (library.NetworkError, library.RemoteProtocolError, library.StreamError)):
        return ConnectionLost(f"The connection to {where} broke: {reason}")
    if isinstance(error, library.LocalProtocolError):
        return ProtocolError(f"The request to {where} is no valid HTTP: {reason}")
    return ProtocolError(f"{where} did not answer in HTTP: {reason}")
