"""The link to `/rpc`: RPC protocol v1 over HTTP."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Literal, TypeAlias

from typing_extensions import override

from rawr.contract import LinkCall, ORPCError
from rawr.schema import UNDEFINED
from rawr.wire import DecodeError, FormData, URLSearchParams, dump_json
from rawr.wire.body import Headers as StandardHeaders, StandardBody, encode_body, parse_body
from rawr.wire.error import error_from_response
from rawr.wire.event_iterator import IteratorDecoder
from rawr.wire.path import encode_path
from rawr.wire.rpc import CustomType, RPCSerializer

from ._calls import DEFAULT_TIMEOUT_SECONDS, LinkInterceptor
from ._codec import LinkCodec
from ._context import HeaderSource, Seconds
from ._httpx import HTTPClient
from ._link import HTTPLink
from ._messages import Headers, HTTPRequest, Transport
from ._reading import DEFAULT_MAX_RESPONSE_BYTES
from ._upload import EVENT_STREAM_HEADERS, UploadBody
from ._url import LinkURL

RPCMethod: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
"""A method RPC calls can be sent with; `GET` puts the input into the URL."""
MethodSource: TypeAlias = RPCMethod | Callable[[LinkCall], RPCMethod]
"""The method of every call, or what chooses it for each one."""

MAX_URL_LENGTH = 2083
"""How long the URL of a `GET` may be before the call travels by the fallback method."""


def contract_method(call: LinkCall) -> RPCMethod:
    """The method the contract declares, so that `get(...)` procedures are read with `GET`."""
    method = call.contract.definition.route.effective_method
    return "GET" if method == "HEAD" else method


class RPCLink(HTTPLink):
    """Carries calls to an oRPC server's RPC handler, with every value type of the protocol.

    >>> link = RPCLink("https://hq.example.com/rpc", headers={"authorization": "Bearer t"})
    >>> create_client(Planets, link).find
    <ProcedureCall find>

    Args:
        url: Where the handler is mounted, such as `https://hq.example.com/rpc`.
        headers: For every call, or a (possibly async) function of the call.
        method: `POST` unless told otherwise; see `contract_method`. Servers accept `GET`
            only for procedures declared so. Long URLs and files fall back to `POST`.
        timeout: Seconds until the answer must be complete (of a stream: its head).
        event_timeout: Seconds a stream may stay silent; servers send keep-alive comments about
            every 5 seconds. None waits for ever.
        client: An `httpx2.AsyncClient`, an `httpx.AsyncClient` or a `Transport`.
        interceptors: Wrap each call, the first one outermost.
        max_response_bytes: How large an answer, or one event of a stream, may be.
        custom_types: Application types on the wire; the server must know them too.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: HeaderSource | None = None,
        method: MethodSource = "POST",
        fallback_method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST",
        max_url_length: int = MAX_URL_LENGTH,
        timeout: Seconds | None = DEFAULT_TIMEOUT_SECONDS,
        event_timeout: Seconds | None = None,
        client: HTTPClient | Transport | None = None,
        interceptors: Sequence[LinkInterceptor] = (),
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        custom_types: Iterable[CustomType] = (),
    ) -> None:
        codec = RPCLinkCodec(
            LinkURL(url),
            RPCSerializer(custom_types),
            method=method,
            fallback_method=fallback_method,
            max_url_length=max_url_length,
        )
        super().__init__(
            codec,
            headers={} if headers is None else headers,
            timeout=timeout,
            event_timeout=event_timeout,
            client=client,
            interceptors=interceptors,
            max_response_bytes=max_response_bytes,
        )


def read_payload(serializer: RPCSerializer, body: StandardBody, headers: StandardHeaders) -> object:
    """The value of a success.

    Raises:
        DecodeError: The body is no RPC payload.
    """
    if not isinstance(body, dict | FormData) and body is not UNDEFINED:
        kind = headers.get("content-type", "no content type")
        raise DecodeError(f"an RPC payload is a JSON object or a form, not {kind}")
    return serializer.deserialize_body(body)


class RPCLinkCodec(LinkCodec):
    """Writes and reads RPC protocol v1."""

    def __init__(
        self,
        url: LinkURL,
        serializer: RPCSerializer,
        *,
        method: MethodSource,
        fallback_method: str,
        max_url_length: int,
    ) -> None:
        self._url = url
        self._serializer = serializer
        self._method = method
        self._fallback_method = fallback_method
        self._max_url_length = max_url_length

    @override
    def encode(self, call: LinkCall, headers: Headers) -> HTTPRequest:
        method: str = self._method(call) if callable(self._method) else self._method
        path = encode_path(call.path)
        if isinstance(call.input, AsyncIterator):
            return HTTPRequest(
                method=self._fallback_method if method == "GET" else method,
                url=self._url.of(path),
                headers={**headers, **EVENT_STREAM_HEADERS},
                body=UploadBody(call.input, self._serializer),
            )
        body = self._serializer.serialize_body(call.input)
        if method == "GET":
            if not isinstance(body, FormData):
                data = URLSearchParams((("data", dump_json(body).decode()),))
                url = self._url.of(path, data)
                if len(url) <= self._max_url_length:
                    return HTTPRequest(method=method, url=url, headers=headers)
            method = self._fallback_method
        encoded = encode_body(body)
        return HTTPRequest(
            method=method,
            url=self._url.of(path),
            headers={**headers, **encoded.headers},
            body=encoded.content,
        )

    @override
    def decode(self, call: LinkCall, status: int, headers: Headers, body: bytes) -> object:
        return read_payload(self._serializer, parse_body(body, headers), headers)

    @override
    def decode_error(self, status: int, headers: Headers, body: bytes) -> ORPCError[Any]:
        json = self._serializer.deserialize_body(parse_body(body, headers))
        return error_from_response(json, status=status, headers=headers)

    @override
    def event_decoder(self, max_event_bytes: int) -> IteratorDecoder:
        return IteratorDecoder(self._serializer, max_event_bytes=max_event_bytes)

    @override
    def expects_redirect(self, call: LinkCall) -> bool:
        return False
