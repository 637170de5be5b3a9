"""Batches: several calls in one HTTP request (RPC protocol v1, batch plugin)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from rawr.schema import UNDEFINED, Json

from ._errors import DecodeError
from ._json import dump_json, load_json
from ._leaves import is_url
from .body import Headers, headers_from_json
from .path import split_url
from .sse import EventMessage, encode_event

__all__ = [
    "BATCH_HEADER",
    "BATCH_PATH_SEGMENT",
    "BATCH_QUERY",
    "DEFAULT_MAX_SIZE",
    "INTERNAL_ERROR_BODY",
    "INVALID_BATCH_BODY",
    "NOT_MATCHED_BODY",
    "SUCCESS_STATUS",
    "TOO_LARGE_BODY",
    "UNSUPPORTED_BODY",
    "BatchItem",
    "BatchMode",
    "BatchResponse",
    "batch_mode",
    "batch_request_to_json",
    "batch_response_from_json",
    "batch_response_to_json",
    "decode_batch_event",
    "encode_batch_event",
    "parse_batch_request",
]

BATCH_HEADER: Final = "x-orpc-batch"
BATCH_QUERY: Final = "batch"
BATCH_PATH_SEGMENT: Final = "__batch__"
"""What a client appends to the first item's URL; a server goes by the header alone."""

SUCCESS_STATUS: Final = 207
DEFAULT_MAX_SIZE: Final = 10

INVALID_BATCH_BODY: Final = (
    "Invalid batch request, this could be caused by a malformed request body or a missing header"
)
TOO_LARGE_BODY: Final = "Batch request size exceeds the maximum allowed size"
NOT_MATCHED_BODY: Final = "No procedure matched"
UNSUPPORTED_BODY: Final = (
    "Batch responses do not support file/blob, or event-iterator. "
    "Please call this procedure separately outside of the batch request."
)
INTERNAL_ERROR_BODY: Final = "Internal server error"

BatchMode: TypeAlias = Literal["streaming", "buffered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One call of a batch; its `url` is absolute, its body serialized."""

    url: str
    method: str = "POST"
    headers: Headers = field(default_factory=dict)
    body: Json = UNDEFINED

    @property
    def raw_path(self) -> bytes:
        """The path as it was sent, without the query."""
        return split_url(self.url)[0]

    @property
    def query(self) -> str:
        """The query string, without its question mark."""
        return split_url(self.url)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResponse:
    """The answer to the item at `index`, in order of completion."""

    index: int
    status: int
    headers: Headers = field(default_factory=dict)
    body: Json = UNDEFINED


def batch_mode(header: str) -> BatchMode:
    """How the client wants its answers; anything but `buffered` means streaming."""
    return "buffered" if header == "buffered" else "streaming"


def parse_batch_request(json: Json, *, method: str) -> list[BatchItem]:
    """The items of a batch; `json` is the body, or the `batch` query of a GET.

    An item's own headers do not hold those of the outer request: overlay them.

    Raises:
        DecodeError: The batch breaks the protocol; answer 400 and `INVALID_BATCH_BODY`.
    """
    if type(json) is not list:
        raise DecodeError("A batch is an array of items")
    return [_item(item, method) for item in json]


def _item(json: Json, method: str) -> BatchItem:
    if type(json) is not dict:
        raise DecodeError("A batch item is an object")
    url = json.get("url")
    own_method = json.get("method")
    if not isinstance(url, str) or not is_url(url):
        raise DecodeError("A batch item needs an absolute URL")
    if not isinstance(own_method, str | None):
        raise DecodeError("A batch item's method is text")
    return BatchItem(
        url=url,
        method=method if own_method is None else own_method,
        headers=headers_from_json(json.get("headers")),
        body=json.get("body", UNDEFINED),
    )


def batch_request_to_json(items: Iterable[BatchItem], *, method: str) -> list[Json]:
    """The body (or `batch` query, as JSON) of a batch sent with this method."""
    return [
        _without_defaults(
            body=item.body,
            headers=dict(item.headers) or UNDEFINED,
            method=UNDEFINED if item.method == method else item.method,
            url=item.url,
        )
        for item in items
    ]


def batch_response_to_json(
    response: BatchResponse, *, success_status: int = SUCCESS_STATUS
) -> dict[str, Json]:
    """One answer; its status is left out where it is that of the whole batch."""
    return _without_defaults(
        index=response.index,
        status=UNDEFINED if response.status == success_status else response.status,
        headers=dict(response.headers) or UNDEFINED,
        body=response.body,
    )


def batch_response_from_json(json: Json, *, success_status: int = SUCCESS_STATUS) -> BatchResponse:
    """One answer, read by a client.

    Raises:
        DecodeError: It has no index, or breaks the protocol otherwise.
    """
    if type(json) is not dict or type(json.get("index")) is not int:
        raise DecodeError("A batch response item needs an index")
    status = json.get("status", success_status)
    if type(status) is not int:
        raise DecodeError("A batch response item's status is a number")
    return BatchResponse(
        index=json["index"],
        status=status,
        headers=headers_from_json(json.get("headers")),
        body=json.get("body", UNDEFINED),
    )


def encode_batch_event(response: BatchResponse, *, success_status: int = SUCCESS_STATUS) -> bytes:
    """One answer of a streaming batch; the stream ends without a `done`."""
    json = batch_response_to_json(response, success_status=success_status)
    return encode_event(EventMessage(event="message", data=dump_json(json).decode()))


def decode_batch_event(
    message: EventMessage, *, success_status: int = SUCCESS_STATUS
) -> BatchResponse | None:
    """The answer in an event of a streaming batch; None for a keep-alive.

    Raises:
        DecodeError: The event breaks the protocol.
    """
    if message.data is None or message.event not in (None, "message"):
        return None
    return batch_response_from_json(load_json(message.data), success_status=success_status)


def _without_defaults(**fields: Json) -> dict[str, Json]:
    return {name: value for name, value in fields.items() if value is not UNDEFINED}
