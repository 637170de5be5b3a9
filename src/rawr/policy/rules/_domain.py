"""Rules about the domain, and about names: 29, 32, 54, 71."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from rawr.policy._place import Layer
from rawr.policy._python import PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._io import io_uses
from ._select import domain, fields, middlewares, starts_with

_FOREIGN: Final = (
    "aiohttp",
    "httpx",
    "httpx2",
    "inngest",
    "rawr.client",
    "rawr.contract",
    "rawr.coordination",
    "rawr.durable",
    "rawr.http",
    "rawr.openapi",
    "rawr.procedure",
    "rawr.sqlite",
    "requests",
    "socket",
    "sqlite3",
    "starlette",
)
_IO_NAME: Final = re.compile(r".+(Input|Output|Payload)(Schema)?$")
_IO_FILE: Final = re.compile(r"(.+_)?(input|output|payload)s?$")
_METADATA_FILE: Final = re.compile(
    r"(.+_)?(principal|correlation|request_info|request_context|network|network_policy|session)s?$"
)
_METADATA_CLASS: Final = re.compile(
    r"(?:.*(?:Principal|Correlation|RequestContext|RequestInfo|RequestMetadata|NetworkPolicy))$"
)
_METADATA_FIELDS: Final = frozenset(
    {"correlation_id", "principal", "request_id", "session_id", "source_ip", "user_agent"}
)
_PACKAGE_ROLES: Final = frozenset(
    {
        "__init__",
        "browser",
        "capability",
        "client",
        "context",
        "contract",
        "domain",
        "errors",
        "middleware",
        "operations",
        "procedures",
        "router",
        "service",
        "workflows",
    }
)
_PLUGIN_ROLES: Final = frozenset(
    {
        "__init__",
        "client",
        "context",
        "contract",
        "durable",
        "errors",
        "functions",
        "middleware",
        "operations",
        "router",
    }
)
_PLUGIN_KINDS: Final = frozenset({"", "api", "web", "workflows"})
_ENDINGS: Final = ("ations", "ation", "ings", "ing", "ers", "er", "ies", "es", "ed", "e", "s", "y")
_MIN_STEM: Final = 3


def _transport_free(tree: Tree) -> Iterator[Finding]:
    for file in domain(tree):
        yield from _io_names(file)
        for imported in file.imports:
            target = tree.target(imported)
            is_outside = target is not None and _leaves_domain(target)
            if is_outside or starts_with(imported.dotted, _FOREIGN):
                yield file.finding(imported.node, f"the domain imports {imported.dotted}")
    for file in tree.python(Layer.PACKAGE, Layer.PLUGIN):
        if file.place.inner != ("workflows", "contract"):
            for use in io_uses(tree, file):
                if use.declared_in is not None and use.declared_in.place.role == "domain":
                    yield file.finding(use.node, f"{use.name} of the domain is used as {use.part}")


def _io_names(file: PythonFile) -> Iterator[Finding]:
    if _IO_FILE.fullmatch(file.place.inner[-1]):
        yield file.finding(None, f"{file.place.inner[-1]}.py names procedure input or output")
    for node in file.each(ast.ClassDef):
        if _IO_NAME.match(node.name):
            yield file.finding(node, f"{node.name} is named after procedure input or output")


def _leaves_domain(target: PythonFile) -> bool:
    if target.place.layer is not Layer.PACKAGE or not target.place.capability:
        return False
    return target.place.role not in ("domain", "context", "__init__", "")


def _no_metadata(tree: Tree) -> Iterator[Finding]:
    for file in domain(tree):
        if _METADATA_FILE.fullmatch(file.place.inner[-1]):
            yield file.finding(None, f"{file.place.inner[-1]}.py names request metadata")
        for node in file.each(ast.ClassDef):
            if _METADATA_CLASS.match(node.name):
                yield file.finding(node, f"{node.name} is request metadata")
            for name in sorted(fields(node) & _METADATA_FIELDS):
                yield file.finding(_field(node, name), f"{node.name}.{name} is request metadata")
        for imported in file.imports:
            target = tree.target(imported)
            is_context = target is not None and target.place.role == "context"
            if is_context or starts_with(imported.dotted, ("rawr.composition",)):
                yield file.finding(imported.node, f"the domain imports {imported.dotted}")


def _field(node: ast.ClassDef, name: str) -> ast.AST:
    return next(
        item
        for item in node.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and item.target.id == name
    )


def _metadata_from_context(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN):
        if file.place.role == "domain" or not any(middlewares(tree, file)):
            continue
        for imported in file.imports:
            target = tree.target(imported)
            if target is not None and target.place.role == "domain":
                yield file.finding(imported.node, f"middleware imports {imported.dotted}")


def _role_names(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.PACKAGE, Layer.PLUGIN):
        place = file.place
        if place.layer is Layer.PLUGIN and place.kind not in _PLUGIN_KINDS:
            yield file.finding(None, f"plugins/{place.kind} is no kind of plugin")
        elif place.role and place.kind != "web" and place.role not in _roles(place.layer):
            yield file.finding(None, f"{place.role} is no role in a {place.layer.value}")
        for above, name in zip((place.capability, *place.inner), place.inner, strict=False):
            if _repeats(above, name) or _repeats(place.capability, name):
                yield file.finding(
                    None, f"{name} repeats {_repeated(place.capability, above, name)}"
                )


def _roles(layer: Layer) -> frozenset[str]:
    return _PACKAGE_ROLES if layer is Layer.PACKAGE else _PLUGIN_ROLES


def _repeated(capability: str, above: str, name: str) -> str:
    return f"the name of {capability if _repeats(capability, name) else above}"


def _repeats(above: str, name: str) -> bool:
    """True for `invoice_status` in `invoicing` and for `domain_run` in `domain`."""
    first, _, rest = name.partition("_")
    return bool(rest and first and above) and _stem(first) == _stem(above)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            return word.removesuffix(ending)
    return word


RULES: Final = (
    Rule(
        number=29,
        title="domain/ holds transport-free concepts and no procedure input or output",
        reason="a domain that knows how it is called must change whenever a caller does",
        fix="move input and output to the contract, and effects to service/ behind a port",
        source=_transport_free,
    ),
    Rule(
        number=32,
        title="Request, correlation, principal and network metadata live in context modules",
        reason="who asked, and from where, is about the request and not about the domain",
        fix="take it from the context in the procedure, and hand the domain what it needs",
        source=_no_metadata,
    ),
    Rule(
        number=54,
        title="Middleware takes its metadata from context modules",
        reason="middleware that imports the domain ties every request to one capability's model",
        fix="put what the middleware reads into context.py",
        source=_metadata_from_context,
    ),
    Rule(
        number=71,
        title="Files are named after their role, and do not repeat the name of their folder",
        reason="who knows one capability finds every file of the next",
        fix="name it contract, context, router, client, errors, browser, or put it into domain/, "
        "service/, procedures/, operations/, functions/, under a name without the prefix",
        source=_role_names,
    ),
)
