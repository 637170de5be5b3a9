"""Response headers that handlers choose (oRPC's response headers plugin)."""

from contextvars import ContextVar
from datetime import timedelta
from typing import Final

from typing_extensions import override

from rawr.http._body import encode_headers
from rawr.http._cookies import SameSite, write_cookie
from rawr.http._plugin import Plugin, Respond
from rawr.http._request import Request
from rawr.http._response import Header, Response


class HeaderList:
    """Headers for the response of the current call, in order."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines: list[Header] = []

    def append(self, name: str, value: str) -> None:
        """Add a line, besides others of the same name.

        Raises:
            EncodeError: Name or value cannot be sent, such as one with a line break.
        """
        self._lines += encode_headers([(name, value)])

    def set(self, name: str, value: str) -> None:
        """Set the one line of a name that this call adds; raises as `append` does."""
        self.remove(name)
        self.append(name, value)

    def remove(self, name: str) -> None:
        """Take back the lines of a name that this call added."""
        raw_name = name.lower().encode("latin-1")
        self._lines = [line for line in self._lines if line[0] != raw_name]

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: timedelta | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool = True,
        http_only: bool = True,
        same_site: SameSite = "Lax",
    ) -> None:
        """Set a cookie: for the browser session, or for `max_age`.

        It keeps to TLS, is hidden from scripts and from requests that other sites make,
        unless told otherwise.

        Raises:
            EncodeError: Name, path or domain cannot be in a cookie.
        """
        line = write_cookie(
            name,
            value,
            max_age=max_age,
            path=path,
            domain=domain,
            secure=secure,
            http_only=http_only,
            same_site=same_site,
        )
        self.append("set-cookie", line)

    def delete_cookie(self, name: str, *, path: str = "/", domain: str | None = None) -> None:
        """Make the browser forget a cookie that was set with this path and domain."""
        self.set_cookie(name, "", max_age=timedelta(0), path=path, domain=domain)

    def lines(self) -> tuple[Header, ...]:
        """The lines, undecoded."""
        return tuple(self._lines)


_current: Final[ContextVar[HeaderList]] = ContextVar("rawr.http.response_headers")


def response_headers() -> HeaderList:
    """The headers that the response of the current call will get besides its own.

    Raises:
        LookupError: No `ResponseHeaders` plugin is around this code.
    """
    try:
        return _current.get()
    except LookupError:
        raise LookupError(
            "There is no response to add headers to: give the handler the ResponseHeaders "
            "plugin, and add them before its procedure returns"
        ) from None


class ResponseHeaders(Plugin):
    """Lets procedures, middleware and contexts add response headers: `response_headers()`.

    Errors carry them too. An item of a batch adds to its own answer. (Request headers need no
    plugin: a context is made from the request.)
    """

    @override
    def around_response(self, respond: Respond) -> Respond:
        """See `Plugin.around_response`."""

        async def collecting(request: Request) -> Response:
            headers = HeaderList()
            token = _current.set(headers)
            try:
                response = await respond(request)
            finally:
                _current.reset(token)
            response.headers = (*response.headers, *headers.lines())
            return response

        return collecting
