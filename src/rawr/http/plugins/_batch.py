"""Several calls in one HTTP request (RPC protocol v1, batch plugin)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import ClassVar, Final

from typing_extensions import override

from rawr.contract import ORPCError
from rawr.http._asgi import Receive, Scope, Send
from rawr.http._body import JSON_HEADERS
from rawr.http._companion import until_disconnected
from rawr.http._events import EVENT_STREAM_HEADERS
from rawr.http._inner import InnerRequest, split_target
from rawr.http._peeled import close_body, is_json, own_headers, standard_body, wire_headers
from rawr.http._plugin import Exchange, Mount, Plugin
from rawr.http._reading import BodyReader
from rawr.http._response import Response
from rawr.schema import Json
from rawr.wire import DecodeError, dump_json, load_json
from rawr.wire.batch import (
    BATCH_HEADER,
    BATCH_QUERY,
    DEFAULT_MAX_SIZE,
    INVALID_BATCH_BODY,
    NOT_MATCHED_BODY,
    SUCCESS_STATUS,
    TOO_LARGE_BODY,
    UNSUPPORTED_BODY,
    BatchItem,
    BatchResponse,
    batch_mode,
    batch_response_to_json,
    encode_batch_event,
    parse_batch_request,
)
from rawr.wire.body import JSON_TYPE, parse_urlencoded
from rawr.wire.sse import encode_comment

_HEADER: Final = BATCH_HEADER.encode()


class Batch(Plugin):
    """Answers the batches of `@orpc/client`'s BatchLinkPlugin, streaming and buffered.

    Every item is a call of its own: it runs beside the others through context, interceptors
    and inner plugins, and is cancelled when the client leaves. An item's headers lie over the
    batch's, but for those a browser or a proxy vouches for.

    Args:
        max_size: The most items of one batch; more are refused as a whole (413).
        success_status: The status of the batch itself.

    Raises:
        ValueError: `max_size` is less than 1.

    >>> from rawr.http import RPCHandler
    >>> app = RPCHandler(router, plugins=[Batch(max_size=20)]).asgi(prefix="/rpc")
    """

    order: ClassVar[int] = 5_000_000

    def __init__(
        self, *, max_size: int = DEFAULT_MAX_SIZE, success_status: int = SUCCESS_STATUS
    ) -> None:
        if max_size < 1:
            raise ValueError(f"A batch holds at least one item, not {max_size}")
        self._max_size = max_size
        self._success_status = success_status

    @override
    def around_exchange(self, exchange: Exchange, mount: Mount) -> Exchange:
        """See `Plugin.around_exchange`."""

        async def batched(scope: Scope, receive: Receive, send: Send) -> bool:
            headers = dict(scope["headers"])
            if _HEADER not in headers:
                return await exchange(scope, receive, send)
            reader = BodyReader(receive, headers, mount.max_body_bytes)
            response = await self._respond(scope, reader, mount)
            await mount.deliver(response, receive, send)
            return True

        return batched

    async def _respond(self, scope: Scope, reader: BodyReader, mount: Mount) -> Response:
        try:
            items = parse_batch_request(await _batch_json(scope, reader), method=scope["method"])
        except ORPCError as error:
            return mount.refuse(error)
        except DecodeError:
            return _plain(400, INVALID_BATCH_BODY)
        if len(items) > self._max_size:
            return _plain(413, TOO_LARGE_BODY)
        answers = _Answers(scope, mount, items)
        if batch_mode(reader.header_map[_HEADER].decode("latin-1")) == "streaming":
            return Response(
                status=self._success_status,
                headers=EVENT_STREAM_HEADERS,
                body=self._stream(answers),
            )
        whole = until_disconnected(answers.all(), reader.receive)
        body = [self._json(answer) for answer in await whole]
        return Response(status=self._success_status, headers=JSON_HEADERS, body=dump_json(body))

    async def _stream(self, answers: "_Answers") -> AsyncIterator[bytes]:
        yield encode_comment()
        async with aclosing(answers.as_completed()) as completed:
            async for answer in completed:
                yield encode_batch_event(answer, success_status=self._success_status)

    def _json(self, answer: BatchResponse) -> Json:
        return batch_response_to_json(answer, success_status=self._success_status)


async def _batch_json(scope: Scope, reader: BodyReader) -> Json:
    if scope["method"] == "GET":
        query = parse_urlencoded(scope.get("query_string", b"")).last(BATCH_QUERY)
        return load_json(query or "")
    content_type = reader.header_map.get(b"content-type", JSON_TYPE.encode())
    if not content_type.startswith(JSON_TYPE.encode()):
        raise DecodeError("A batch is JSON")
    return load_json(await reader.body())


class _Answers:
    """The answers to the items of one batch, in the order in which they are done."""

    def __init__(self, scope: Scope, mount: Mount, items: Sequence[BatchItem]) -> None:
        self._scope = scope
        self._mount = mount
        self._items = items

    async def all(self) -> list[BatchResponse]:
        """All of them; whatever still runs is cancelled with the caller."""
        async with aclosing(self.as_completed()) as completed:
            return [answer async for answer in completed]

    async def as_completed(self) -> AsyncGenerator[BatchResponse, None]:
        """One by one; closing it cancels whatever still runs."""
        done = asyncio.Queue[BatchResponse]()

        async def run(index: int, item: BatchItem) -> None:
            done.put_nowait(await self._answer(index, item))

        tasks = [
            asyncio.create_task(run(index, item), name=f"rawr.http.batch_item.{index}")
            for index, item in enumerate(self._items)
        ]
        try:
            for _ in tasks:
                yield await done.get()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, index: int, item: BatchItem) -> BatchResponse:
        match = self._mount.find(item.method, split_target(item.url)[0])
        if match is None:
            return BatchResponse(index=index, status=404, body=NOT_MATCHED_BODY)
        request = InnerRequest(
            self._scope,
            match,
            self._mount.context,
            method=item.method,
            url=item.url,
            headers=item.headers,
            content=item.body,
        )
        response = await self._mount.answer(request)
        headers = wire_headers(response.headers)
        if isinstance(response.body, bytes) and is_json(headers):
            return BatchResponse(
                index=index,
                status=response.status,
                headers=own_headers(headers),
                body=standard_body(response.body, headers),
            )
        await close_body(response)
        return BatchResponse(index=index, status=500, body=UNSUPPORTED_BODY)


def _plain(status: int, message: str) -> Response:
    return Response(status=status, headers=JSON_HEADERS, body=dump_json(message))
