"""What type checkers know of values, schemas and codecs: `rawr.schema` and `rawr.wire`."""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Literal, assert_type

from rawr.schema import (
    REF_TEMPLATE,
    UNDEFINED,
    DirectSchema,
    EmittedSchema,
    File,
    Issue,
    Json,
    KeyedDict,
    Map,
    OpaqueEnumType,
    ProducedSchema,
    RegExp,
    Schema,
    SchemaAdapter,
    SchemaError,
    SchemaMode,
    Undefined,
    UndescribableType,
    Url,
    adapt,
    produced,
)
from rawr.wire import (
    INVALID_DATE,
    MAX_DEPTH,
    MAX_SAFE_INTEGER,
    DecodeError,
    EncodeError,
    ErrorEvent,
    FormData,
    InvalidDate,
    MapEntries,
    SetMembers,
    URLSearchParams,
    WireError,
    dump_json,
    load_json,
)
from rawr.wire.openapi import (
    MAX_ARRAY_INDEX,
    MAX_HOLES,
    CustomJson,
    OpenAPISerializer,
    flatten,
    parse_path,
    stringify_path,
    unflatten,
)
from rawr.wire.rpc import CustomType, Payload, RPCSerializer, Tag


class Everything(Schema):
    words: Map[str, int]
    pattern: RegExp
    file: File
    url: Url
    maybe: int | Undefined = UNDEFINED


def values(every: Everything, failure: SchemaError, kind: OpaqueEnumType) -> None:
    assert_type(every.words["a"], int)
    assert_type(every.pattern.pattern, re.Pattern[str])
    assert_type(every.file.content, bytes)
    if every.maybe is not UNDEFINED:
        assert_type(every.maybe, int)
    assert_type(every.url.upper(), str)
    keyed: Map[int, str] = KeyedDict({1: "a"})
    assert_type(keyed[1], str)
    issue = Issue("Required", path=("a", 0), code="missing")
    assert_type(issue.path, tuple[str | int, ...])
    another: Exception = SchemaError([issue])
    assert_type(failure.to_wire(), dict[str, object])
    undescribable: Exception = UndescribableType(int, "why")
    assert_type(kind("Kind", "A"), type[Enum])
    del another, undescribable


def adapters(adapter: SchemaAdapter[Everything], source: object) -> None:
    assert_type(adapter.validate(source), Everything)
    assert_type(produced(adapter), Callable[[object], Everything])
    mode: SchemaMode = "output"
    assert_type(adapter.json_schema(mode, ref_template=REF_TEMPLATE), dict[str, object])
    assert_type(adapt(int), SchemaAdapter[Any])
    if isinstance(adapter, EmittedSchema):
        assert_type(adapter.emitted_json_schema(), dict[str, object])
    if isinstance(source, ProducedSchema):
        assert_type(source.validate_produced(1), Any)
    port: type[object] = DirectSchema
    del port


def codecs(rpc: RPCSerializer, openapi: OpenAPISerializer) -> None:
    assert_type(rpc.serialize({"a": 1}), Payload)
    assert_type(rpc.encode(1), bytes)
    assert_type(openapi.encode(UNDEFINED), bytes)
    assert_type(openapi.serialize_query({"a": 1}), URLSearchParams)
    json: Json = load_json(b"{}")
    assert_type(dump_json(json), bytes)
    assert_type(parse_path("a[b]"), list[str])
    assert_type(stringify_path(["a", 0]), str)
    assert_type(flatten({"a": 1}), Iterator[tuple[str, Any]])
    assert_type(unflatten([("a", "1")]), dict[str, Any] | list[Any])
    assert_type(URLSearchParams.of([("a", "1")]).last("a"), str | None)
    assert_type(FormData.of([("a", File(b"x"))]).entries, tuple[tuple[str, str | File], ...])
    limits: tuple[int, ...] = (MAX_ARRAY_INDEX, MAX_HOLES, MAX_DEPTH, MAX_SAFE_INTEGER, Tag.MAP)
    invalid: Literal[InvalidDate.INVALID_DATE] = INVALID_DATE
    lists: list[Any] = [*MapEntries([((1, 2), "a")]), *SetMembers([[1]]), invalid, limits]
    failures: list[WireError] = [DecodeError("x"), EncodeError("x")]
    told: Exception = ErrorEvent({"code": "X"})
    del lists, failures, told


class Money:
    amount = "1"


CustomType(tag=20, type=Money, serialize=lambda money: money.amount, deserialize=lambda _: Money())
CustomJson(type=Money, serialize=lambda money: money.amount)
CustomType(tag="20", type=Money, serialize=str, deserialize=str)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
