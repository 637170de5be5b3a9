"""What type checkers infer of schemas, handlers, plugins, documents and reference pages."""

from pathlib import Path
from typing import Any, assert_type

import msgspec

from rawr.contract import Contract, ContractProcedure, TypedError, get, operation_spec
from rawr.http import ASGIApp, OpenAPIHandler, Plugin, Request, Respond, Response, RPCHandler
from rawr.http.plugins import (
    CORS,
    Batch,
    DocumentPage,
    MemoryRateLimiter,
    OpenAPIReference,
    RateLimit,
)
from rawr.openapi import (
    Change,
    ReferenceFile,
    ReferencePage,
    Section,
    compare_openapi,
    generate_openapi,
)
from rawr.procedure import Call, Next, Router, procedures
from rawr.schema import UNDEFINED, Schema, SchemaAdapter, Undefined, adapt
from rawr.wire.path import encode_path, lookup_path
from rawr.wire.sse import EventDecoder, EventMessage


class Planet(Schema):
    name: str


class Struct(msgspec.Struct):
    name: str


# An adapter may stand for a type wherever a schema is asked for.
adapter: SchemaAdapter[Planet] = adapt(Planet)
assert_type(adapter.validate({}), Planet)
adapter.dump(Struct(name="x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
by_adapter = get().output(adapter)
not_sent: int | Undefined = UNDEFINED


@operation_spec({"security": [{"bearer": []}]})
class Unauthorized(TypedError[None], code="UNAUTHORIZED"):
    """Sign in first."""


@operation_spec(lambda operation: {**operation, "x-audited": True})
async def audit(call: Call[str], next: Next[str]) -> object:
    return await next(call)


assert_type(Unauthorized().code, str)
os = procedures(str).use(audit)


class Planets(Contract):
    count = os.output(int).handler(lambda context: _eight())


async def _eight() -> int:
    return 8


def serve(router: Router[str, Planets]) -> None:
    async def context(request: Request) -> str:
        return request.headers["authorization"]

    async def timed(request: Request, next: Respond) -> Response:
        return await next(request)

    rpc = RPCHandler(router, plugins=[Batch(), CORS()], interceptors=[timed])
    assert_type(rpc.asgi(prefix="/rpc", context=context), ASGIApp)
    RPCHandler(Planets)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    limited: Plugin = RateLimit(MemoryRateLimiter(limit=1, period_seconds=1))
    OpenAPIHandler(router, plugins=[limited])


def shown(place: ContractProcedure) -> bool:
    return "planets" in place.contract.definition.route.tags


def describe(router: Router[str, Planets]) -> None:
    sources = [Section(source=Planets, prefix="/api"), Section(source=router)]
    document = generate_openapi(sources, filter=shown, default_error=True)
    assert_type(document, dict[str, Any])
    assert_type(compare_openapi(document, document), tuple[Change, ...])
    generate_openapi(Planet)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    page = ReferencePage(lambda server: generate_openapi(Planets, servers=[server]))
    as_port: DocumentPage = page
    assert_type(page.file("scalar.js"), ReferenceFile | None)
    OpenAPIHandler(router, plugins=[OpenAPIReference(as_port, docs_path="/docs")])
    ReferencePage(document, script=Path("scalar.js"))
    ReferencePage(document, script=b"code")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Codecs do no input or output.
assert_type(encode_path(("a", "b")), str)
assert_type(lookup_path(b"/rpc/a", "/rpc"), str | None)
assert_type(EventDecoder().feed(b""), list[EventMessage])
