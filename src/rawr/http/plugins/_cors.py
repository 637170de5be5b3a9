"""Cross-origin requests from browsers (oRPC's CORS plugin)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final, TypeAlias

from typing_extensions import override

from rawr.http._asgi import Message, Receive, Scope, Send
from rawr.http._plugin import Exchange, Mount, Plugin
from rawr.http._response import Header, Response

AllowOrigin: TypeAlias = Callable[[str, Scope], Awaitable[str | Sequence[str] | None]]
"""Gives the origins that may read a response to a request from an origin."""

DEFAULT_METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH")
_ANY: Final = "*"


class CORS(Plugin):
    """Answers preflights and lets pages of other origins read responses.

    As in oRPC, any origin may read responses unless `origins` says otherwise; with
    `credentials`, say which ones. `origins` and `timing_origins` are origins, `*`, or an async
    function of the origin and the request's scope.

    Args:
        origins: Who may read responses; None reflects the origin that asks.
        allow_methods: What preflights allow.
        allow_headers: What preflights allow; None allows what is asked for.
        expose_headers: Response headers that pages may read.
        credentials: Whether browsers may send cookies.
        max_age_seconds: How long a preflight's answer may be kept.
        timing_origins: Who may read timings.

    Raises:
        ValueError: Credentials for any origin: browsers refuse `*`, and reflecting it to all
            would let every site act as the user.

    >>> from rawr.http import RPCHandler
    >>> cors = CORS(origins=["https://app.example"], credentials=True)
    >>> app = RPCHandler(router, plugins=[cors]).asgi(prefix="/rpc")
    """

    order: ClassVar[int] = 9_000_000

    def __init__(
        self,
        *,
        origins: str | Sequence[str] | AllowOrigin | None = None,
        allow_methods: Sequence[str] = DEFAULT_METHODS,
        allow_headers: Sequence[str] | None = None,
        expose_headers: Sequence[str] = (),
        credentials: bool = False,
        max_age_seconds: int | None = None,
        timing_origins: str | Sequence[str] | AllowOrigin | None = (),
    ) -> None:
        if credentials and (origins is None or _ANY in _listed(origins)):
            raise ValueError("With credentials, say which origins are allowed")
        self._origins = _allowing(origins)
        self._timing_origins = _allowing(timing_origins)
        self._allow_headers = None if allow_headers is None else _join(allow_headers)
        self._preflight = _present(
            (b"access-control-max-age", "" if max_age_seconds is None else f"{max_age_seconds}"),
            (b"access-control-allow-methods", _join(allow_methods)),
        )
        self._always = _present(
            (b"access-control-allow-credentials", "true" if credentials else ""),
            (b"access-control-expose-headers", _join(expose_headers)),
        )

    @override
    def around_exchange(self, exchange: Exchange, mount: Mount) -> Exchange:
        """See `Plugin.around_exchange`."""

        async def shared(scope: Scope, receive: Receive, send: Send) -> bool:
            headers: dict[bytes, bytes] = dict(scope["headers"])
            added = await self._added(scope, headers.get(b"origin", b"").decode("latin-1"))

            async def sharing(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = _with(message["headers"], added)
                await send(message)

            if scope["method"] != "OPTIONS":
                return await exchange(scope, receive, sharing)
            preflight = Response(status=204, headers=self._preflight_headers(headers))
            await mount.deliver(preflight, receive, sharing)
            return True

        return shared

    def _preflight_headers(self, headers: dict[bytes, bytes]) -> list[Header]:
        allowed = self._allow_headers
        if allowed is None:
            allowed = headers.get(b"access-control-request-headers", b"").decode("latin-1")
        return [*self._preflight, *_present((b"access-control-allow-headers", allowed))]

    async def _added(self, scope: Scope, origin: str) -> list[Header]:
        allowed = _listed(await self._origins(origin, scope))
        timing = _listed(await self._timing_origins(origin, scope))
        return [
            *_present((b"access-control-allow-origin", _granted(origin, allowed))),
            *(() if _ANY in allowed else ((b"vary", b"Origin"),)),
            *_present((b"timing-allow-origin", _granted(origin, timing))),
            *self._always,
        ]


def _allowing(origins: str | Sequence[str] | AllowOrigin | None) -> AllowOrigin:
    if callable(origins):
        return origins

    async def allow(origin: str, _scope: Scope) -> str | Sequence[str]:
        return origin if origins is None else origins

    return allow


def _listed(origins: object) -> Sequence[str]:
    if isinstance(origins, str):
        return (origins,)
    return tuple(origins) if isinstance(origins, Sequence) else ()


def _granted(origin: str, allowed: Sequence[str]) -> str:
    if _ANY in allowed:
        return _ANY
    return origin if origin in allowed else ""


def _join(values: Sequence[str]) -> str:
    return ", ".join(values)


def _present(*headers: tuple[bytes, str]) -> list[Header]:
    return [(name, value.encode("latin-1")) for name, value in headers if value]


def _with(headers: Sequence[Header], added: Sequence[Header]) -> list[Header]:
    """The headers with others added; `vary` is one line that names an origin once."""
    vary = [value for name, value in headers if name == b"vary"]
    named = {part.strip().lower() for value in vary for part in value.split(b",")}
    merged = [header for header in headers if header[0] != b"vary"]
    merged += [header for header in added if header[0] != b"vary"]
    if any(name == b"vary" for name, _ in added) and b"origin" not in named:
        vary.append(b"Origin")
    return [*merged, (b"vary", b", ".join(vary))] if vary else merged
