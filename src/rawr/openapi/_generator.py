"""OpenAPI 3.1 documents from contracts and routers."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from rawr.contract import Contract, ContractProcedure, walk
from rawr.procedure import Router
from rawr.schema import Json
from rawr.wire.path import encode_path

from ._components import Components
from ._errors import OpenAPIGeneratorError, Problem, Undescribable
from ._operation import OperationWriter

OPENAPI_VERSION: Final = "3.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Procedures that a document shows under a path prefix.

    `namespace` comes before the default operation ids, which must be unique in a document.
    """

    source: type[Contract] | Router[Any]
    prefix: str = ""
    namespace: tuple[str, ...] = ()


OpenAPISource: TypeAlias = type[Contract] | Router[Any] | Section


def generate_openapi(
    sources: OpenAPISource | Iterable[OpenAPISource],
    *,
    title: str = "API Reference",
    version: str = "0.0.0",
    description: str | None = None,
    servers: Sequence[str | Mapping[str, Json]] = (),
    published_only: bool = True,
    base: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """The OpenAPI 3.1 document of contracts, routers or sections of them.

    Only published procedures are shown unless `published_only` is False. `base` holds other
    fields of the document, such as `security`, `tags` or `components.securitySchemes`. Equal
    contracts give equal documents, key order included.

    Raises:
        OpenAPIGeneratorError: Naming every procedure OpenAPI cannot describe, and every two
            that share an operation id or a route.
    """
    components = Components()
    paths = _Paths(OperationWriter(components))
    for section in _sections(sources):
        for place in _places(section, published_only=published_only):
            paths.add(section, place)
    paths.finish()
    extra = dict(base or {})
    published, schemas = components.publish(paths.items)
    document: dict[str, Json] = {
        "openapi": OPENAPI_VERSION,
        "info": {**_info(title, version, description), **extra.pop("info", {})},
    }
    if servers:
        document["servers"] = [{"url": s} if isinstance(s, str) else dict(s) for s in servers]
    document["paths"] = published
    shared = _merge_components(extra.pop("components", {}), schemas)
    if shared:
        document["components"] = shared
    return {**document, **extra}


def _info(title: str, version: str, description: str | None) -> dict[str, Json]:
    info = {"title": title, "version": version}
    return info if description is None else {**info, "description": description}


def _merge_components(base: Mapping[str, Json], schemas: Mapping[str, Json]) -> dict[str, Json]:
    own = {**schemas, **base.get("schemas", {})}
    return {**base, "schemas": own} if own else dict(base)


def _sections(sources: OpenAPISource | Iterable[OpenAPISource]) -> Iterator[Section]:
    listed = [sources] if isinstance(sources, type | Router | Section) else sources
    for source in listed:
        yield source if isinstance(source, Section) else Section(source=source)


def _places(section: Section, *, published_only: bool) -> Iterator[ContractProcedure]:
    source = section.source
    for place in walk(source.contract if isinstance(source, Router) else source):
        if place.contract.definition.published or not published_only:
            yield place


class _Paths:
    """The paths of a document while they are collected, and what went wrong with them."""

    def __init__(self, writer: OperationWriter) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self._writer = writer
        self._problems: list[Problem] = []
        self._ids: dict[str, str] = {}
        self._routes: dict[tuple[str, str], str] = {}

    def add(self, section: Section, place: ContractProcedure) -> None:
        """Describe a procedure, or note why that is impossible."""
        name = ".".join((*section.namespace, *place.path))
        route = place.contract.definition.route
        path = encode_path(place.path) if route.path is None else route.path
        path = _standard_path(section.prefix + path)
        try:
            operation = self._describe(place, path, name)
            self._claim(name, operation.get("operationId"), path, route.effective_method)
        except Undescribable as finding:
            self._problems.append(Problem(name, str(finding)))
        else:
            shown = _REST_PARAM.sub("{", path)
            self.items.setdefault(shown, {})[route.effective_method.lower()] = operation

    def finish(self) -> None:
        """Raise what went wrong."""
        if self._problems:
            raise OpenAPIGeneratorError(self._problems)

    def _describe(self, place: ContractProcedure, path: str, name: str) -> dict[str, Any]:
        definition = place.contract.definition
        override = definition.route.spec
        if isinstance(override, Mapping):
            return dict(override)
        operation = self._writer.write(definition, path, name)
        return operation if override is None else override(operation)

    def _claim(self, name: str, operation_id: str | None, path: str, method: str) -> None:
        """Give the procedure its operation id and its route, unless another one has them.

        Holders are compared by identity: two sections may have procedures of one name.
        """
        if operation_id is not None:
            holder = self._ids.setdefault(operation_id, name)
            if holder is not name:
                raise Undescribable(f"its operation id {operation_id!r} is that of {holder} too")
        route = (method, _ANY_PARAM.sub("{}", path))
        holder = self._routes.setdefault(route, name)
        if holder is not name:
            raise Undescribable(f"its route {method} {path} is that of {holder} too")


_SLASHES: Final = re.compile(r"/{2,}")
_REST_PARAM: Final = re.compile(r"\{\+")
_ANY_PARAM: Final = re.compile(r"\{[^{}]*\}")


def _standard_path(path: str) -> str:
    return "/" + _SLASHES.sub("/", path).strip("/")
