"""What type checkers know of documents: the rest of `rawr.openapi` and `rawr.typescript`."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_type

from rawr.contract import Contract, ContractProcedure, TypedError, get
from rawr.openapi import (
    OPENAPI_VERSION,
    ErrorBodySchema,
    OpenAPIGeneratorError,
    OpenAPISource,
    Problem,
    Section,
    generate_openapi,
)
from rawr.schema import Json
from rawr.typescript import Audience, Link as LinkKind, Surface, TypeScriptError, emit_typescript


class Runs(Contract):
    count = get("/count").output(int)


def describe(errors: Sequence[type[TypedError[Any]]], status: int) -> Mapping[str, Any] | None:
    return {"enum": [error.code for error in errors]} if status else None


def is_shown(place: ContractProcedure) -> bool:
    return place.path != ("count",)


schema: ErrorBodySchema = describe
source: OpenAPISource = Section(source=Runs, prefix="/api")
document = generate_openapi([Runs, source], filter=is_shown, error_body_schema=schema)
assert_type(document, dict[str, Json])
openapi_version: str = OPENAPI_VERSION
generate_openapi(int)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

problem = Problem("runs.count", "why")
refused: Exception = OpenAPIGeneratorError([problem])
audience: Audience = "published"
kind: LinkKind = "rpc"
surface = Surface(name="hq", contract=Runs, mount="/rpc", link=kind)
assert_type(emit_typescript([surface], audience=audience), str)
Surface(name="hq", contract=Runs, mount="/rpc", link="grpc")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
undescribed: Exception = TypeScriptError("x")
