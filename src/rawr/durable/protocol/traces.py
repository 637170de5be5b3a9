"""Spans as apps export them: OTLP over HTTP, as JSON (Inngest wire, userland traces)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from rawr.durable.domain.event import Json
from rawr.durable.domain.limits import MAX_EVENT_TS
from rawr.durable.domain.span import MAX_SPAN_BYTES, Span
from rawr.durable.protocol.text import decode_lenient

_RUN_ID: Final = "sdk.run.id"
_STEP_ID: Final = "inngest.step.hash"
_NS_PER_MS: Final = 1_000_000
_KINDS: Final = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")


class _Attribute(msgspec.Struct):
    key: str
    value: dict[str, Json] = {}


class _Resource(msgspec.Struct):
    attributes: list[_Attribute] = []


class _Scope(msgspec.Struct):
    name: str = ""
    version: str = ""


class _Status(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Span(msgspec.Struct, rename="camel"):
    span_id: str
    name: str = ""
    parent_span_id: str = ""
    kind: int = 0
    start_time_unix_nano: int | str = 0
    end_time_unix_nano: int | str = 0
    attributes: list[_Attribute] = []
    status: _Status = msgspec.field(default_factory=_Status)


class _ScopeSpans(msgspec.Struct):
    scope: _Scope = msgspec.field(default_factory=_Scope)
    spans: list[_Span] = []


class _ResourceSpans(msgspec.Struct, rename="camel"):
    resource: _Resource = msgspec.field(default_factory=_Resource)
    scope_spans: list[_ScopeSpans] = []


class _Export(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] = []


_EXPORT: Final = msgspec.json.Decoder(_Export)


def parse_spans(body: bytes) -> list[Span]:
    """Return the spans of an export that name their run and are not too large.

    Raises:
        msgspec.DecodeError: it is not OTLP as JSON.
        ValueError: a number is none.
        TypeError: a number is none.
    """
    export = decode_lenient(_EXPORT.decode, body)
    spans = (
        _to_span(span, scope.scope, resource)
        for one in export.resource_spans
        for resource in [_plain(one.resource.attributes)]
        for scope in one.scope_spans
        for span in scope.spans
    )
    return [span for span in spans if span.run_id and len(span.detail) <= MAX_SPAN_BYTES]


def _to_span(wire: _Span, scope: _Scope, resource: Mapping[str, Json]) -> Span:
    attributes = _plain(wire.attributes)
    detail = {
        "kind": _KINDS[wire.kind] if 0 <= wire.kind < len(_KINDS) else _KINDS[0],
        "status": {"code": wire.status.code, "message": wire.status.message},
        "scope": {"name": scope.name, "version": scope.version},
        "attributes": attributes,
        "resource": resource,
    }
    return Span(
        run_id=str(attributes.get(_RUN_ID, "")),
        id=wire.span_id,
        parent_id=wire.parent_span_id,
        step_id=str(attributes.get(_STEP_ID, "")),
        name=wire.name,
        started_at=_milliseconds(wire.start_time_unix_nano),
        ended_at=_milliseconds(wire.end_time_unix_nano),
        detail=msgspec.json.encode(detail),
    )


def _milliseconds(nanoseconds: int | str) -> int:
    return min(max(int(nanoseconds) // _NS_PER_MS, 0), MAX_EVENT_TS)


def _plain(attributes: Sequence[_Attribute]) -> dict[str, Json]:
    return {one.key: _value(one.value) for one in attributes}


def _value(value: Mapping[str, Json]) -> Json:
    """Return what a value of OTLP stands for: `{"stringValue": "a"}` for `"a"`."""
    for kind, given in value.items():
        if kind == "arrayValue":
            return list(map(_value, _values(given)))
        if kind == "kvlistValue":
            return dict(_pairs(given))
        # Whole numbers travel as text: a number of JavaScript cannot hold them all.
        return int(given) if kind == "intValue" else given
    return None


def _values(given: Json) -> Iterator[Mapping[str, Json]]:
    values = given.get("values", []) if isinstance(given, dict) else []
    yield from (one for one in values if isinstance(one, dict))


def _pairs(given: Json) -> Iterator[tuple[str, Json]]:
    for one in _values(given):
        value = one.get("value")
        yield str(one.get("key", "")), _value(value if isinstance(value, dict) else {})
