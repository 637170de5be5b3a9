"""Spans of calls, named as oRPC names them.

orpc.a/b                            the request, with rpc.system and rpc.method
├── find_procedure
├── decode_input
└── call_procedure
    ├── validate_input
    ├── middleware.<name>               with middleware.index and middleware.name
    │   └── handler
    ├── validate_output
    ├── consume_event_iterator_input    from its first item to its end
    └── consume_event_iterator_output

Validations stand where they run: inside the middleware that is around them. A request that
leads to no procedure has no span.
"""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from typing_extensions import override

from rawr.contract import EventIterator, ORPCError
from rawr.http._codec import Address, Codec, Matcher
from rawr.http._operation import Operation
from rawr.http._plugin import Plugin, Respond
from rawr.http._request import Match, Request
from rawr.http._response import Response
from rawr.procedure import Call, Next, Observe
from rawr.wire.event_iterator import IteratorDecoder

from ._tracer import NoTracer, Span, Tracer

#: When the search for the procedure of this task's call began and ended, in nanoseconds. The span
#: of the call is named after what was found, so it is made afterwards and begins in the past.
_SEARCH: Final[ContextVar[tuple[int, int] | None]] = ContextVar("_SEARCH", default=None)


class Tracing(Plugin):
    """Traces each call; the trace goes on from the caller's headers.

    >>> from rawr.http import RPCHandler
    >>> from rawr.http.plugins import OpenTelemetryTracer
    >>> app = RPCHandler(router, plugins=[Tracing(OpenTelemetryTracer())]).asgi(prefix="/rpc")
    """

    order: ClassVar[int] = 9_100_000

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer: Tracer = tracer or NoTracer()

    @override
    def around_matcher(self, matcher: Matcher) -> Matcher:
        """See `Plugin.around_matcher`."""
        return matcher if isinstance(self._tracer, NoTracer) else _TimedMatcher(matcher)

    @override
    def around_codec(self, codec: Codec) -> Codec:
        """See `Plugin.around_codec`."""
        return _TracedCodec(codec, self._tracer)

    @override
    def around_call(self, respond: Respond) -> Respond:
        """See `Plugin.around_call`."""

        async def traced(request: Request) -> Response:
            path = request.operation.path
            attributes = {"rpc.system": "orpc", "rpc.method": ".".join(path)}
            search = _SEARCH.get()
            with self._tracer.enter(
                f"orpc.{'/'.join(path)}",
                attributes=attributes,
                carrier=request.headers,
                started_ns=search and search[0],
            ) as span:
                if search is not None:
                    began, ended = search
                    self._tracer.record("find_procedure", started_ns=began, ended_ns=ended)
                try:
                    return await respond(request)
                except Exception as error:
                    span.fail(error)
                    raise

        return traced

    @override
    def around_procedure(self, procedure: Next[Any]) -> Next[Any]:
        """See `Plugin.around_procedure`."""

        async def traced(call: Call[Any]) -> object:
            if isinstance(call.input, EventIterator):
                call = call.with_input(self._watched(call.input, "consume_event_iterator_input"))
            with self._tracer.enter("call_procedure") as span:
                try:
                    output = await procedure(call)
                except Exception as error:
                    span.fail(error)
                    raise
                if isinstance(output, EventIterator):
                    return self._watched(output, "consume_event_iterator_output")
                return output

        return traced

    @override
    def around_steps(self) -> Observe | None:
        """See `Plugin.around_steps`."""
        return None if isinstance(self._tracer, NoTracer) else self._step

    @contextmanager
    def _step(self, name: str, attributes: Mapping[str, str | int]) -> Iterator[None]:
        with self._tracer.enter(name, attributes=attributes) as span:
            try:
                yield
            except Exception as error:
                span.fail(error)
                raise

    def _watched(self, events: EventIterator[Any], name: str) -> EventIterator[Any]:
        return EventIterator(_WatchedEvents(events, self._tracer, name))


@dataclass(frozen=True, slots=True)
class _TimedMatcher(Matcher):
    matcher: Matcher

    @override
    def address(self, operation: Operation) -> Address | None:
        return self.matcher.address(operation)

    @override
    def match(self, method: str, path: bytes) -> Match | None:
        began = time.time_ns()
        match = self.matcher.match(method, path)
        _SEARCH.set((began, time.time_ns()))
        return match


@dataclass(frozen=True, slots=True)
class _TracedCodec(Codec):
    codec: Codec
    tracer: Tracer

    @override
    def reads_body(self, request: Request) -> bool:
        return self.codec.reads_body(request)

    @override
    def decode(self, request: Request, body: bytes) -> object:
        with self.tracer.enter("decode_input") as span:
            try:
                return self.codec.decode(request, body)
            except Exception as error:
                span.fail(error)
                raise

    @override
    def event_decoder(self, max_event_bytes: int) -> IteratorDecoder:
        return self.codec.event_decoder(max_event_bytes)

    @override
    def encode(self, operation: Operation, output: object) -> Response:
        return self.codec.encode(operation, output)

    @override
    def encode_error(self, error: ORPCError[Any]) -> Response:
        return self.codec.encode_error(error)


class _WatchedEvents(AsyncIterator[Any]):
    """The events of an iterator, with a span from the first one asked for to the end."""

    __slots__ = ("_events", "_items", "_name", "_span", "_tracer")

    def __init__(self, events: EventIterator[Any], tracer: Tracer, name: str) -> None:
        self._events = events
        self._items = events.events()
        self._tracer = tracer
        self._name = name
        self._span: Span | None = None

    @property
    def result(self) -> object:
        """What the producer returned."""
        return self._events.result

    @override
    async def __anext__(self) -> Any:
        span = self._span = self._span or self._tracer.start(self._name)
        try:
            item = await anext(self._items)
        except StopAsyncIteration:
            self._end("done")
            raise
        except Exception as error:
            span.fail(error)
            self._end("error")
            raise
        span.add_event("message")
        return item

    async def aclose(self) -> None:
        """Stop the producer."""
        self._end("cancelled")
        await self._events.aclose()

    def _end(self, event: str) -> None:
        span, self._span = self._span, None
        if span is not None:
            span.add_event(event)
            span.end()
