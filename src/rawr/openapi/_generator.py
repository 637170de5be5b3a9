"""OpenAPI 3.1 documents from contracts and routers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from rawr.contract import Contract, ContractProcedure, walk
from rawr.procedure import Router
from rawr.schema import Json

from ._components import Components
from ._failures import ErrorBodySchema, FailureWriter
from ._operation import OperationWriter
from ._paths import Paths

OPENAPI_VERSION: Final = "3.1.1"
"""The version of OpenAPI that documents are written in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Procedures that a document shows under a path prefix.

    `namespace` comes before the default operation ids, which must be unique in a document.
    """

    source: type[Contract] | Router[Any]
    prefix: str = ""
    namespace: tuple[str, ...] = ()


OpenAPISource: TypeAlias = type[Contract] | Router[Any] | Section
"""What a document can describe."""


def generate_openapi(
    sources: OpenAPISource | Iterable[OpenAPISource],
    *,
    title: str = "API Reference",
    version: str = "0.0.0",
    description: str | None = None,
    servers: Sequence[str | Mapping[str, Json]] = (),
    published_only: bool = True,
    filter: Callable[[ContractProcedure], bool] | None = None,
    default_error: bool = False,
    error_body_schema: ErrorBodySchema | None = None,
    allow_anything: bool = False,
    base: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """The OpenAPI 3.1 document of contracts, routers or sections of them.

    Equal contracts give equal documents, key order included.

    >>> from rawr.contract import get
    >>> class Planets(Contract, prefix="/planets", tags=["planets"], publish=True):
    ...     find = get("/{id}").input(dict[str, str]).output(str)
    >>> generate_openapi(Planets, title="Planets")
    Traceback (most recent call last):
    rawr.openapi.OpenAPIGeneratorError: Cannot describe:
    find: its path has parameters, so its input must be an object that requires each of them: id

    Args:
        sources: What to describe, together in one document.
        title: The document's title.
        version: The version of the API it describes.
        description: What it is about, in CommonMark.
        servers: Where it is served: URLs or server objects.
        published_only: Whether to leave out what is not `.publish()`ed.
        filter: What else to leave out, by metadata or tags for example: True keeps.
        default_error: Whether every operation says what errors it does not declare look like,
            as its `default` response.
        error_body_schema: For servers whose error bodies have a form of their own.
        allow_anything: Whether inputs and outputs may be `Any` or `object`.
        base: Other fields of the document, such as `security`, `tags` or
            `components.securitySchemes`.

    Raises:
        OpenAPIGeneratorError: Naming every procedure OpenAPI cannot describe, and every two
            that share an operation id or a route.
    """
    components = Components()
    failures = FailureWriter(components, body_schema=error_body_schema, with_default=default_error)
    paths = Paths(OperationWriter(components, failures, allow_anything=allow_anything))
    for section in _sections(sources):
        for place in _places(section):
            is_shown = place.contract.definition.published or not published_only
            if is_shown and (filter is None or filter(place)):
                paths.add(place, prefix=section.prefix, namespace=section.namespace)
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


def _places(section: Section) -> Iterator[ContractProcedure]:
    source = section.source
    if not isinstance(source, Router):
        yield from walk(source)
        return
    for routed in source.walk():
        # Its procedure knows its middleware; its contract, the prefixes around it.
        described = routed.procedure.with_definition(routed.contract.definition)
        yield ContractProcedure(routed.path, routed.attributes, described)
