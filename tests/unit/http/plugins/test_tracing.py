from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.unit.http.kit import Gate, rpc_client
from tests.unit.http.test_uploads import Watched, router as upload_router

from rawr.contract import Contract, procedure
from rawr.http import Plugin, RPCHandler
from rawr.http.plugins import NoTracer, OpenTelemetryTracer, Tracing
from rawr.procedure import Call, Next, Observe, Procedure, Router
from rawr.testing.asgi import ASGIClient

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


class Spans:
    def __init__(self) -> None:
        self.provider = TracerProvider()
        self.exporter = InMemorySpanExporter()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.plugin = Tracing(OpenTelemetryTracer(self.provider))

    def named(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def spans() -> Iterator[Spans]:
    made = Spans()
    yield made
    made.provider.shutdown()


def parent_of(span: ReadableSpan) -> Any:
    return None if span.parent is None else span.parent.span_id


def id_of(span: ReadableSpan) -> Any:
    return None if span.context is None else span.context.span_id


async def test_a_call_is_a_span_with_its_steps_inside(spans: Spans) -> None:
    client = rpc_client(plugins=[spans.plugin])
    await client.request("POST", "/rpc/deeper/ping", headers=PARENT, body=b"{}")
    named = spans.named()
    steps = {"find_procedure", "decode_input", "call_procedure", "handler", "validate_output"}
    assert named.keys() == {"orpc.deeper/ping", *steps}
    root = named["orpc.deeper/ping"]
    assert root.attributes == {"rpc.system": "orpc", "rpc.method": "deeper.ping"}
    assert root.context is not None
    assert f"{root.context.trace_id:032x}" == TRACE
    for step in ("find_procedure", "decode_input", "call_procedure"):
        assert parent_of(named[step]) == id_of(root)
    assert named["find_procedure"].start_time == root.start_time


async def test_steps_inside_a_procedure_are_spans_where_they_run(spans: Spans) -> None:
    class Traced(Contract):
        double = procedure().input(int).output(int)

    async def outer(call: Call[None], next: Next[None]) -> object:
        return await next(call)

    async def inner(call: Call[None], next: Next[None]) -> object:
        return await next(call)

    def double(_context: None, input: int) -> int:
        return 2 * input

    made = Procedure(
        Traced.double, double, (outer, inner), input_validation_index=1, output_validation_index=2
    )
    handler = RPCHandler(Router(Traced, {"double": made}), plugins=[spans.plugin])
    response = await ASGIClient(handler.asgi()).request("POST", "/double", body=b'{"json":4}')
    assert response.body == b'{"json":8}'
    named = spans.named()
    parents = {
        "middleware.outer": "call_procedure",
        "validate_input": "middleware.outer",
        "middleware.inner": "middleware.outer",
        "handler": "middleware.inner",
        "validate_output": "middleware.inner",
    }
    assert {name: parent_of(named[name]) for name in parents} == {
        name: id_of(named[parent]) for name, parent in parents.items()
    }
    assert named["middleware.inner"].attributes == {
        "middleware.index": 1,
        "middleware.name": "inner",
    }


async def test_a_step_that_fails_fails_its_span(spans: Spans) -> None:
    client = rpc_client(plugins=[spans.plugin])
    await client.request("POST", "/rpc/validate", body=b'{"json":{"n":"text"}}')
    named = spans.named()
    assert is_failed(named["validate_input"])
    assert "handler" not in named


async def test_several_plugins_may_look_at_the_steps() -> None:
    seen: list[str] = []

    class Noting(Plugin):
        def __init__(self, name: str, order: int) -> None:
            self.name = name
            self.order = order  # type: ignore[misc]  # one class for two orders

        def around_steps(self) -> Observe:
            @contextmanager
            def note(name: str, _attributes: Mapping[str, str | int]) -> Iterator[None]:
                seen.append(f"{self.name} {name}")
                yield

            return note

    client = rpc_client(plugins=[Noting("inner", 1), Noting("outer", 2)])
    await client.request("POST", "/rpc/nothing", body=b"{}")
    assert seen == ["outer handler", "inner handler"]


def is_failed(span: ReadableSpan) -> bool:
    return not span.status.is_ok and bool(span.events)


async def test_failures_are_noted_where_they_happened(spans: Spans) -> None:
    client = rpc_client(plugins=[spans.plugin])
    await client.request("POST", "/rpc/plainError", body=b"{}")
    named = spans.named()
    assert is_failed(named["call_procedure"])
    assert is_failed(named["orpc.plainError"])
    assert not is_failed(named["decode_input"])


async def test_what_cannot_be_decoded_fails_its_span(spans: Spans) -> None:
    client = rpc_client(plugins=[spans.plugin])
    assert (await client.request("POST", "/rpc/echo", body=b"{")).status == 400
    assert is_failed(spans.named()["decode_input"])


def events_of(span: ReadableSpan) -> list[str]:
    return [event.name for event in span.events]


async def test_a_stream_is_a_span_until_its_end(spans: Spans) -> None:
    client = rpc_client(plugins=[spans.plugin])
    body = b'{"json":"meta"}'
    response = await client.request("POST", "/rpc/stream", body=body)
    assert b"id: e2" in response.body
    stream = spans.named()["consume_event_iterator_output"]
    assert events_of(stream) == ["message", "message", "done"]


async def test_a_stream_that_fails_fails_its_span(spans: Spans) -> None:
    client = rpc_client(plugins=[spans.plugin])
    await client.request("POST", "/rpc/stream", body=b'{"json":"typed"}')
    stream = spans.named()["consume_event_iterator_output"]
    assert events_of(stream) == ["message", "exception", "error"]
    assert is_failed(stream)


async def test_a_stream_left_early_ends_its_span(spans: Spans) -> None:
    gate = Gate()
    async with rpc_client(gate, plugins=[spans.plugin]).stream(
        "POST", "/rpc/stream", body=b'{"json":"endless"}'
    ) as exchange:
        await exchange.chunk()
        await exchange.chunk()
        await gate.entered.wait()
    assert events_of(spans.named()["consume_event_iterator_output"]) == ["message", "cancelled"]


async def test_an_upload_is_a_span_too(spans: Spans) -> None:
    handler = RPCHandler(upload_router(), plugins=[spans.plugin])
    client = ASGIClient(handler.asgi(prefix="/rpc", context=Watched()))
    headers = {"content-type": "text/event-stream"}
    body = b'data: {"json":1}\n\nevent: done\ndata: {"json":2}\n\n'
    response = await client.request("POST", "/rpc/collect", headers=headers, body=body)
    assert response.json() == {"json": {"items": [[1, None]], "result": 2}}
    assert events_of(spans.named()["consume_event_iterator_input"]) == ["message", "done"]


async def test_nothing_is_traced_unless_asked() -> None:
    for plugin in (Tracing(), Tracing(NoTracer())):
        client = rpc_client(plugins=[plugin])
        for path, body in (("stream", b'{"json":"typed"}'), ("plainError", b"{}")):
            assert (await client.request("POST", f"/rpc/{path}", body=body)).status in (200, 500)
