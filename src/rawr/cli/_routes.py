"""The routes of an HQ as a table."""

import inspect
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rawr.composition import Manifest
from rawr.host import (
    API,
    INGRESS,
    METRICS,
    OPENAPI_DOCUMENT,
    REFERENCE,
    RPC,
    WEB_PLUGINS,
    WORKFLOWS,
)
from rawr.procedure import Router

_ANYONE = "first and third parties"
_FIRST_PARTIES = "first parties"


class _Line(NamedTuple):
    method: str
    path: str
    procedure: str
    callers: str
    file: str


_HEADER = _Line("METHOD", "PATH", "PROCEDURE", "CALLERS", "FILE")


def list_routes(manifest: Manifest) -> str:
    """Every route in mount order, aligned in columns."""
    lines = [
        _HEADER,
        _Line("POST", INGRESS, "-", "engine, signed", "-"),
        *_openapi(WORKFLOWS, manifest.workflows.create_router()),
        *_rpc(manifest.orpc.create_router()),
        _Line("GET", OPENAPI_DOCUMENT, "-", "anyone", "-"),
        _Line("GET", REFERENCE, "-", "anyone", "-"),
        *_openapi(API, manifest.api.create_router()),
        *_web(manifest),
        _Line("GET", METRICS, "-", _FIRST_PARTIES, "-"),
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _openapi(prefix: str, router: Router[object]) -> Iterator[_Line]:
    for place in router.walk():
        route = place.contract.definition.route
        path = prefix + (route.path or "/" + "/".join(place.path))
        yield _Line(
            route.effective_method,
            path,
            ".".join(place.path),
            _ANYONE,
            _file(place.procedure.handler),
        )


def _rpc(router: Router[object]) -> Iterator[_Line]:
    for place in router.walk():
        yield _Line(
            place.contract.definition.route.effective_method,
            "/".join((RPC, *place.path)),
            ".".join(place.path),
            _FIRST_PARTIES,
            _file(place.procedure.handler),
        )


def _web(manifest: Manifest) -> Iterator[_Line]:
    for capability, surface in manifest.web.items():
        page = f"{WEB_PLUGINS}/{capability}/"
        files = _shown(surface.directory)
        yield _Line("GET", page, "-", "first parties, signed in", files)
        yield _Line("GET", f"{page}*", "-", "anyone", files)


def _file(handler: object) -> str:
    code = inspect.unwrap(handler).__code__  # type: ignore[arg-type]  # handlers are functions
    return f"{_shown(Path(code.co_filename))}:{code.co_firstlineno}"


def _shown(path: Path) -> str:
    with suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return str(path)
