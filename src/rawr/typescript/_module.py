"""The module: imports, domain values, types, contracts, clients."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Final, Literal, TypeAlias

from rawr.contract import Contract

from ._contracts import Contracts
from ._declarations import Declarations
from ._errors import TypeScriptError
from ._names import RESERVED_TYPES, RESERVED_VALUES, Names
from ._text import camel, pascal
from ._types import TypeWriter
from ._values import DomainValues

Audience: TypeAlias = Literal["first-party", "published"]
"""Who uses the module: first parties get every procedure, others the published ones."""
Link: TypeAlias = Literal["rpc", "openapi"]
"""The protocol that clients of a surface speak."""

_TEMPLATES: Final = files("rawr.typescript") / "templates"
_HEADER: Final = """\
// Made by `rawr typescript` from the contracts of this HQ. Do not edit: change the contract and
// make it again.
"""
_PACKAGES: Final = {
    "@orpc/client": ("createORPCClient",),
    "@orpc/client/fetch": ("RPCLink",),
    "@orpc/contract": ("eventIterator", "oc", "type", "type ContractRouterClient"),
    "@orpc/openapi-client": ("type JsonifiedClient",),
    "@orpc/openapi-client/fetch": ("OpenAPILink",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A contract as one route family serves it."""

    name: str
    """Such as `workflows`: names the contract and its client, `createWorkflowsClient`."""
    contract: type[Contract]
    mount: str
    """The path it is served under, such as `/api/workflows`."""
    link: Link


def emit_typescript(
    surfaces: Iterable[Surface],
    *,
    audience: Audience = "first-party",
    values: Mapping[str, Mapping[str, object]] | None = None,
    web: bool = False,
) -> str:
    """A TypeScript module of contracts and typed clients, for `@orpc/*` 1.x.

    `values` holds what the browser-safe entries of capabilities export, by capability. `web`
    adds what a web plugin is mounted with. Equal contracts give equal texts.

    Raises:
        TypeScriptError: Nothing is published, an RPC surface would be, or something has no form
            in TypeScript: a value, or what a procedure takes or gives.
    """
    surfaces = tuple(surfaces)
    _check(surfaces, audience)
    types, consts = Names(RESERVED_TYPES), Names(RESERVED_VALUES)
    domain = DomainValues(values or {})
    domain.name_types(types)
    declarations = Declarations(TypeWriter(domain.name_of), types)
    factories = {surface.name: f"create{pascal(surface.name)}Client" for surface in surfaces}
    roots = {name: consts.take(camel(name)) for name in factories}
    for factory in factories.values():
        consts.take(factory)
    constants = [*domain.write(declarations, consts)]
    contracts = Contracts(declarations, consts, published_only=audience == "published")
    trees = {one.name: contracts.tree(one.contract) for one in surfaces}
    shown = [one for one in surfaces if trees[one.name] is not None]
    if not shown:
        raise TypeScriptError(
            "nothing is left to write: no procedure of these contracts is for this audience; "
            "publish one with .publish(), or take the first-party audience"
        )
    declarations.finish()
    body = [
        *constants,
        *declarations.declarations(),
        *contracts.texts(),
        *(f"export const {roots[one.name]} = {trees[one.name]}\n" for one in shown),
        _template("clients"),
        *(_client(one, roots[one.name], factories[one.name], audience) for one in shown),
        *([_template("mount")] if web else []),
    ]
    text = declarations.resolve("\n".join(body))
    return f"{_HEADER}{''.join(_imports(text))}\n{text}"


def _check(surfaces: tuple[Surface, ...], audience: Audience) -> None:
    published_rpc = [one.name for one in surfaces if one.link == "rpc"]
    if audience == "published" and published_rpc:
        raise TypeScriptError(
            f"{', '.join(published_rpc)}: RPC is for first parties and is never published; "
            "publish an OpenAPI surface"
        )


def _client(surface: Surface, root: str, factory: str, audience: Audience) -> str:
    kind = f"{surface.link}-{audience}"
    return Template(_template(kind)).substitute(factory=factory, contract=root, mount=surface.mount)


def _template(name: str) -> str:
    return _TEMPLATES.joinpath(f"{name}.ts").read_text(encoding="utf-8")


def _imports(text: str) -> Iterator[str]:
    """One import for each package the text uses something of."""
    for package, names in _PACKAGES.items():
        used = [name for name in names if _is_used(name.split()[-1], text)]
        if used and all(name.startswith("type ") for name in used):
            bare = ", ".join(name.removeprefix("type ") for name in used)
            yield f"import type {{ {bare} }} from '{package}'\n"
        elif used:
            yield f"import {{ {', '.join(used)} }} from '{package}'\n"


def _is_used(name: str, text: str) -> bool:
    return any(use in text for use in (f"{name}(", f"{name}<", f": {name}\n"))
