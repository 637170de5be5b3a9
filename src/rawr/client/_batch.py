"""Several calls in one HTTP request (RPC protocol v1, batch plugin)."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

import anyio
from anyio.abc import TaskGroup
from typing_extensions import override

from rawr.contract import is_error_status
from rawr.schema import UNDEFINED
from rawr.wire import DecodeError, URLSearchParams, dump_json, load_json
from rawr.wire.batch import (
    BATCH_HEADER,
    BATCH_PATH_SEGMENT,
    BATCH_QUERY,
    DEFAULT_MAX_SIZE,
    BatchItem,
    BatchMode,
    BatchResponse,
    batch_request_to_json,
    batch_response_from_json,
    decode_batch_event,
)
from rawr.wire.body import JSON_TYPE, encode_urlencoded, flatten_header
from rawr.wire.sse import EventDecoder

from ._errors import ConnectionLost, LinkError, ProtocolError
from ._messages import HTTPRequest, HTTPResponse, Transport
from ._reading import DEFAULT_MAX_RESPONSE_BYTES, close_response, is_event_stream, read_body

_MAX_URL_LENGTH: Final = 2083


class BatchTransport(Transport):
    """Sends the JSON requests of one moment together; the server needs the batch plugin.

    Files and event iterators, sent or asked for, go alone: no batch can carry them.

    >>> import asyncio
    >>> from rawr.client import ASGITransport, RPCLink
    >>> async def main() -> None:
    ...     async with ASGITransport(app) as transport, BatchTransport(transport) as together:
    ...         planets = create_client(Planets, RPCLink("http://hq/rpc", client=together))
    ...         print(await asyncio.gather(planets.count(), planets.count()))
    >>> asyncio.run(main())
    [8, 8]

    Args:
        transport: What sends the batches.
        max_size: The most calls in one request.
        mode: `streaming` gives each answer as soon as it is there, `buffered` all at once.
        window_seconds: How long to wait for more calls; 0 takes what is ready at once.
        max_url_length: Longer batches of `GET`s are split.
        max_response_bytes: How large all answers together may be.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        max_size: int = DEFAULT_MAX_SIZE,
        mode: BatchMode = "streaming",
        window_seconds: float = 0.0,
        max_url_length: int = _MAX_URL_LENGTH,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
    ) -> None:
        self._transport = transport
        self._max_size = max_size
        self._mode: BatchMode = mode
        self._window_seconds = window_seconds
        self._max_url_length = max_url_length
        self._max_response_bytes = max_response_bytes
        self._queue: list[_Queued] = []
        self._tasks: TaskGroup | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._tasks = await self._stack.enter_async_context(anyio.create_task_group())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        tasks, self._tasks = self._tasks, None
        if tasks is not None:
            tasks.cancel_scope.cancel()
        await self._stack.aclose()
        _fail(self._queue, ConnectionLost("The batch transport was closed"))
        await self.aclose()

    @override
    async def send(self, request: HTTPRequest) -> HTTPResponse:
        if not _fits_batch(request):
            return await self._transport.send(request)
        if self._tasks is None:
            raise RuntimeError("Enter the BatchTransport first: async with BatchTransport(...)")
        queued = _Queued(request)
        self._queue.append(queued)
        if len(self._queue) == 1:
            self._tasks.start_soon(self._flush, self._tasks, name="batch window")
        return await queued.answer()

    @override
    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _flush(self, tasks: TaskGroup) -> None:
        await anyio.sleep(self._window_seconds)
        queue, self._queue = self._queue, []
        reads = [queued for queued in queue if queued.request.method == "GET"]
        writes = [queued for queued in queue if queued.request.method != "GET"]
        for method, group in (("GET", reads), ("POST", writes)):
            for start in range(0, len(group), self._max_size):
                part = group[start : start + self._max_size]
                tasks.start_soon(self._send_batch, tasks, method, part, name="batch")

    async def _send_batch(self, tasks: TaskGroup, method: str, group: Sequence["_Queued"]) -> None:
        wanted = [queued for queued in group if not queued.abandoned]
        if not wanted:
            return
        request = self._request(method, wanted)
        if request is None:
            middle = len(wanted) // 2
            for half in (wanted[:middle], wanted[middle:]):
                tasks.start_soon(self._send_batch, tasks, method, half, name="half a batch")
            return
        with anyio.CancelScope() as scope:
            for queued in wanted:
                queued.share(scope, wanted)
            try:
                await self._exchange(request, wanted)
            except LinkError as error:
                _fail(wanted, error)
            except DecodeError as error:
                _fail(wanted, ProtocolError(f"The batch was answered wrongly: {error}"))
            finally:
                _fail(wanted, ConnectionLost("The batch transport was closed"))

    async def _exchange(self, request: HTTPRequest, group: Sequence["_Queued"]) -> None:
        response = await self._transport.send(request)
        if len(group) == 1:
            await group[0].resolve(response)
            return
        try:
            if is_event_stream(response):
                await self._read_events(response, group)
            else:
                await self._read_whole(response, group)
        finally:
            await close_response(response)
        missing = ProtocolError("The server left a call of the batch unanswered; send it again")
        _fail(group, missing)

    async def _read_events(self, response: HTTPResponse, group: Sequence["_Queued"]) -> None:
        decoder = EventDecoder(max_event_bytes=self._max_response_bytes)
        async for chunk in response.chunks:
            for message in decoder.feed(chunk):
                answer = decode_batch_event(message, success_status=response.status)
                if answer is not None:
                    await _deliver(answer, group)
        decoder.close()

    async def _read_whole(self, response: HTTPResponse, group: Sequence["_Queued"]) -> None:
        body = await read_body(response, self._max_response_bytes)
        if is_error_status(response.status):
            # Refused as a whole (credentials, size): everyone hears what the server says.
            for queued in group:
                await queued.resolve(HTTPResponse.of(response.status, response.headers, body))
            return
        answers = load_json(body)
        if not isinstance(answers, list):
            raise DecodeError("a batch response is an array; does the server have the plugin?")
        for json in answers:
            answer = batch_response_from_json(json, success_status=response.status)
            await _deliver(answer, group)

    def _request(self, method: str, group: Sequence["_Queued"]) -> HTTPRequest | None:
        """The request of a batch; None if its URL would be too long."""
        if len(group) == 1:
            return group[0].request
        common = _common_headers([queued.request for queued in group])
        items = [_item(queued.request, common) for queued in group]
        content = dump_json(batch_request_to_json(items, method=method))
        url = _batch_url(group[0].request.url)
        headers = {**common, BATCH_HEADER: self._mode}
        if method == "GET":
            query = URLSearchParams(((BATCH_QUERY, content.decode()),))
            url = f"{url}?{encode_urlencoded(query)}"
            return (
                None
                if len(url) > self._max_url_length
                else HTTPRequest(method=method, url=url, headers=headers)
            )
        headers["content-type"] = JSON_TYPE
        return HTTPRequest(method=method, url=url, headers=headers, body=content)


class _Queued:
    """A request waiting for its answer."""

    def __init__(self, request: HTTPRequest) -> None:
        self.request = request
        self.abandoned = False
        self._settled = anyio.Event()
        self._outcome: HTTPResponse | LinkError | None = None
        self._batch: tuple[anyio.CancelScope, Sequence[_Queued]] | None = None

    def share(self, scope: anyio.CancelScope, group: "Sequence[_Queued]") -> None:
        """Say with which others the request travels."""
        self._batch = (scope, group)

    async def answer(self) -> HTTPResponse:
        """Wait for the answer; a batch nobody waits for any more is cancelled."""
        try:
            await self._settled.wait()
        except BaseException:
            await self._abandon()
            raise
        if isinstance(self._outcome, LinkError):
            raise self._outcome.retold()
        assert self._outcome is not None, "settled"
        return self._outcome

    async def _abandon(self) -> None:
        self.abandoned = True
        if isinstance(self._outcome, HTTPResponse):
            await close_response(self._outcome)
        if self._batch is not None:
            scope, group = self._batch
            if all(queued.abandoned for queued in group):
                scope.cancel()

    async def resolve(self, response: HTTPResponse) -> None:
        """Give the answer to whoever waits, or close it."""
        if self.abandoned or self._settled.is_set():
            await close_response(response)
            return
        self._outcome = response
        self._settled.set()

    def fail(self, error: LinkError) -> None:
        """Give an error to whoever still waits."""
        if not self._settled.is_set():
            self._outcome = error
            self._settled.set()


async def _deliver(answer: BatchResponse, group: Sequence[_Queued]) -> None:
    if not 0 <= answer.index < len(group):
        raise DecodeError(f"an answer has the index {answer.index} of no call")
    headers = {name: flatten_header(value) or "" for name, value in answer.headers.items()}
    content = b""
    if answer.body is not UNDEFINED:
        content = dump_json(answer.body)
        headers.setdefault("content-type", JSON_TYPE)
    await group[answer.index].resolve(HTTPResponse.of(answer.status, headers, content))


def _fail(group: Sequence[_Queued], error: LinkError) -> None:
    for queued in group:
        queued.fail(error)


def _fits_batch(request: HTTPRequest) -> bool:
    body = request.body
    is_json = isinstance(body, bytes) and request.headers.get("content-type") == JSON_TYPE
    return (body is None or is_json) and not request.expects_events


def _common_headers(requests: Sequence[HTTPRequest]) -> dict[str, str]:
    first, *rest = (_own_headers(request) for request in requests)
    return {
        name: value
        for name, value in first.items()
        if all(headers.get(name) == value for headers in rest)
    }


def _own_headers(request: HTTPRequest) -> dict[str, str]:
    """Without the content type, which belongs to the body of the batch."""
    return {name: value for name, value in request.headers.items() if name != "content-type"}


def _item(request: HTTPRequest, common: Mapping[str, str]) -> BatchItem:
    own = _own_headers(request).items()
    return BatchItem(
        url=request.url,
        method=request.method,
        headers={name: value for name, value in own if common.get(name) != value},
        body=load_json(request.body) if isinstance(request.body, bytes) else UNDEFINED,
    )


def _batch_url(first: str) -> str:
    parts = urlsplit(first)
    path = f"{parts.path.removesuffix('/')}/{BATCH_PATH_SEGMENT}"
    return urlunsplit(parts._replace(path=path, query=""))
