"""No caller at all: what sources, imports and metadata say about who may reach what."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import ClassVar, Final, get_args

import grimp
from typing_extensions import override

from rawr.cli._routes import list_routes
from rawr.composition import CallerClass, Manifest
from rawr.host import openapi_document
from rawr.host.identity import BearerToken, Credentials, SessionCookie
from rawr.policy import check_tree
from tests.acceptance.boundary.suite import Suite

_HEADERS_READ: Final = {
    "x-correlation-id",
    "x-csrf-token",
    "x-forwarded-for",
    "x-inngest-signature",
    "x-request-id",
}
_HEADERS_SENT: Final = {"x-content-type-options"}
_CUSTOM_HEADER: Final = re.compile(r"x-[a-z]+(-[a-z]+)+")
_BOUNDARY: Final = ("rawr.contract", "rawr.procedure", "rawr.http", "rawr.openapi", "rawr.client")
_CLIENTS: Final = ("rawr.client", "httpx", "httpx2", "requests", "urllib", "aiohttp")


@dataclass(frozen=True, slots=True)
class Sources:
    """An HQ and the product it runs on, as they are written."""

    hq_dir: Path
    manifest: Manifest
    graph: grimp.ImportGraph
    """The imports of `rawr`."""
    product: Path
    """The folder of `rawr`'s sources."""

    def python(self, *folders: Path) -> Iterator[tuple[Path, ast.Module]]:
        """Every module below the folders, but for other people's."""
        for file in chain.from_iterable(sorted(folder.rglob("*.py")) for folder in folders):
            if "node_modules" not in file.parts:
                yield file, ast.parse(file.read_text())


class MetadataImportBoundary(Suite):
    """The seven keys as far as they can be told without running anything."""

    id: ClassVar[str] = "cross-surface:metadata-import-boundary"

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    @override
    async def control(self) -> None:
        report = check_tree(self.sources.hq_dir)
        assert report.files > 20
        assert report.is_clean, report.violations
        assert len(self._routes()) > 10
        assert self._imports("rawr.host", "rawr.http")

    @override
    async def reject_api_inngest_from_caller_paths(self) -> None:
        self._assert_clean("RAWR002", "RAWR006")
        on_ingress = [route for route in self._routes() if "inngest" in route[1]]
        assert on_ingress == [("POST", "/api/inngest", "-", "engine, signed")]
        document = openapi_document(self.sources.manifest)
        assert not [path for path in document["paths"] if "inngest" in path]

    @override
    async def reject_ingress_spoofed_caller_headers(self) -> None:
        product = self.sources.product
        folders = (product / "host", product / "durable" / "ingress", self.sources.hq_dir)
        named = {
            text
            for _, module in self.sources.python(*folders)
            for text in _texts(module)
            if _CUSTOM_HEADER.fullmatch(text)
        }
        assert named - _HEADERS_SENT <= _HEADERS_READ, named - _HEADERS_READ
        assert {*get_args(Credentials)} == {BearerToken, SessionCookie}

    @override
    async def reject_rpc_from_external_callers(self) -> None:
        self._assert_clean("RAWR009", "RAWR011")
        over_rpc = {route[3] for route in self._routes() if route[1].startswith("/rpc")}
        assert over_rpc == {"first parties"}
        document = openapi_document(self.sources.manifest)
        assert not [path for path in document["paths"] if not path.startswith("/api/")]

    @override
    async def reject_rpc_from_runtime_ingress(self) -> None:
        assert {*CallerClass} == {"first-party", "service", "third-party"}
        for boundary in _BOUNDARY:
            assert not self._imports("rawr.durable", boundary), boundary
        self._assert_clean("RAWR045", "RAWR048")
        durable = self.sources.hq_dir / "plugins" / "workflows"
        for file, module in self.sources.python(durable):
            if "functions" in file.parts:
                reached = [name for name in _imported(module) if name.startswith(_CLIENTS)]
                assert not reached, (file, reached)

    @override
    async def reject_rpc_workflows_route_family(self) -> None:
        self._assert_clean("RAWR014")
        assert not [route for route in self._routes() if route[1].startswith("/rpc/workflows")]
        assert "workflows" not in {item.name for item in self.sources.manifest.capabilities}

    @override
    async def runtime_ingress_no_caller_boundary_semantics(self) -> None:
        for boundary in (*_BOUNDARY, "rawr.wire", "rawr.composition", "rawr.host"):
            assert not self._imports("rawr.durable.ingress", boundary), boundary
        self._assert_clean("RAWR050", "RAWR055")

    @override
    async def in_process_no_local_http_self_call(self) -> None:
        self._assert_clean("RAWR022")
        for folder in ("packages", "plugins/api", "plugins/workflows"):
            for file, module in self.sources.python(self.sources.hq_dir / folder):
                reached = [name for name in _imported(module) if name.startswith(_CLIENTS)]
                assert not reached, (file, reached)

    def _assert_clean(self, *rules: str) -> None:
        report = check_tree(self.sources.hq_dir, rules=rules)
        assert report.is_clean, [f"{found.path}:{found.line}" for found in report.violations]

    def _imports(self, importer: str, imported: str) -> bool:
        """True if a package reaches another by its imports, at whatever remove."""
        return bool(self.sources.graph.find_shortest_chain(importer, imported, as_packages=True))

    def _routes(self) -> list[tuple[str, str, str, str]]:
        """Method, path, procedure and callers of every route, as `rawr routes` prints them."""
        _, *lines = list_routes(self.sources.manifest).splitlines()
        columns = (re.split(r"\s{2,}", line.strip()) for line in lines)
        return [(method, path, name, callers) for method, path, name, callers, _ in columns]


def _texts(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value
            yield (text.decode("latin-1") if isinstance(text, bytes) else text).lower()


def _imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
