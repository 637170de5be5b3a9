"""What handlers of every protocol can be given besides a router.

`RPCHandler(router, plugins=[...])` puts each where it belongs, whatever the order of the list;
`rawr.http.Plugin` tells the layers apart. By their order, from the outside in:

    Compression       9_500_000   exchange
    CallLog           9_200_000   response
    Tracing           9_100_000   call, codec, procedure
    CORS              9_000_000   exchange
    CSRFProtection    8_000_000   call
    RateLimit         6_000_000   response, call
    Batch             5_000_000   exchange
    Rethrow           4_000_000   exchange, call
    SmartCoercion     1_000_000   procedure
    OpenAPIReference          0   exchange
    ResponseHeaders           0   response

Strict GET and the limit of bodies are options of the handlers themselves.
"""

from ._batch import Batch
from ._call_log import CallLog, RequestIdFilter, request_id
from ._coercion import SmartCoercion
from ._compression import Compression
from ._cors import CORS
from ._csrf import CSRFProtection
from ._headers import HeaderList, ResponseHeaders, response_headers
from ._limiters import LimitsRateLimiter, MemoryRateLimiter, RateDecision, RateLimiter
from ._rate_limit import RateLimit, by_address
from ._reference import DocumentPage, OpenAPIReference, PageFile
from ._rethrow import Rethrow, ShouldRethrow, is_unexpected
from ._tracer import NoTracer, OpenTelemetryTracer, Span, Tracer
from ._tracing import Tracing

__all__ = [
    "CORS",
    "Batch",
    "CSRFProtection",
    "CallLog",
    "Compression",
    "DocumentPage",
    "HeaderList",
    "LimitsRateLimiter",
    "MemoryRateLimiter",
    "NoTracer",
    "OpenAPIReference",
    "OpenTelemetryTracer",
    "PageFile",
    "RateDecision",
    "RateLimit",
    "RateLimiter",
    "RequestIdFilter",
    "ResponseHeaders",
    "Rethrow",
    "ShouldRethrow",
    "SmartCoercion",
    "Span",
    "Tracer",
    "Tracing",
    "by_address",
    "is_unexpected",
    "request_id",
    "response_headers",
]
