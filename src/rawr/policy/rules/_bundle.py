"""The rule about what reaches the browser: 37."""

from collections.abc import Iterator
from typing import Final

from rawr.policy._browser import ScriptFile
from rawr.policy._place import Layer, Place, place_of
from rawr.policy._python import PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._select import HOST_MODULES, plugins, starts_with, web_scripts

_SERVER_PACKAGES: Final = (
    "@hono/node-server",
    "@orpc/server",
    "express",
    "fastify",
    "hono",
    "inngest",
    "koa",
    "node:",
)
_BROWSER_SAFE: Final = frozenset({("browser",), ("workflows", "contract"), ("errors",)})
_SERVER_LAYERS: Final = (
    "inngest",
    "rawr.client",
    "rawr.composition",
    "rawr.coordination",
    "rawr.durable",
    "rawr.http",
    "rawr.procedure",
    "rawr.sqlite",
    *HOST_MODULES,
)


def _browser_safe(tree: Tree) -> Iterator[Finding]:
    for script in (*web_scripts(tree), *_browser_entries(tree)):
        yield from _unsafe_script(script)
    for file in plugins(tree, "web"):
        for imported, target in tree.edges(file):
            if target.place.layer is Layer.PACKAGE and target.place.inner != ("browser",):
                yield file.finding(imported.node, f"a web plugin imports {target.module}")
    for file in tree.python(Layer.PACKAGE):
        if file.place.inner == ("browser",):
            yield from _unsafe_entry(tree, file)


def _unsafe_script(script: ScriptFile) -> Iterator[Finding]:
    for found in script.imports:
        place = place_of(found.target)
        is_entry = script.place.layer is Layer.PACKAGE and _is_browser_safe(place)
        if place.layer is Layer.PACKAGE and place.role != "browser" and not is_entry:
            yield script.finding(found.token, f"browser code imports {found.target}")
        elif any(_is_npm(found.specifier, name) for name in _SERVER_PACKAGES):
            message = f"browser code imports {found.specifier}, which is server code"
            yield script.finding(found.token, message)


def _is_npm(specifier: str, name: str) -> bool:
    if name.endswith(":"):
        return specifier.startswith(name)
    return specifier == name or specifier.startswith(name + "/")


def _unsafe_entry(tree: Tree, entry: PythonFile) -> Iterator[Finding]:
    for imported in entry.imports:
        target = tree.target(imported)
        if target is None:
            if starts_with(imported.dotted, _SERVER_LAYERS):
                yield entry.finding(imported.node, f"browser.py imports {imported.dotted}")
            continue
        unsafe = _server_behind(tree, target)
        if unsafe:
            yield entry.finding(imported.node, f"browser.py leads to {unsafe}")


def _server_behind(tree: Tree, start: PythonFile) -> str:
    """The first server module that a module leads to, itself included."""
    seen, pending = {start}, [start]
    while pending:
        file = pending.pop()
        place = file.place
        if place.layer is Layer.PACKAGE and place.capability and not _is_browser_safe(place):
            return file.module
        for imported in file.imports:
            target = tree.target(imported)
            if target is None and starts_with(imported.dotted, _SERVER_LAYERS):
                return f"{imported.dotted}, through {file.module}"
            if target is not None and target not in seen:
                seen.add(target)
                pending.append(target)
    return ""


def _is_browser_safe(place: Place) -> bool:
    return place.role == "domain" or place.inner in _BROWSER_SAFE or "__init__" in place.inner


def _browser_entries(tree: Tree) -> Iterator[ScriptFile]:
    for script in tree.scripts:
        if script.place.layer is Layer.PACKAGE and script.place.role == "browser":
            yield script


RULES: Final = (
    Rule(
        number=37,
        title="Browser code imports the browser-safe entry of a package and nothing else of it",
        reason="one import of a server client puts server code into every visitor's bundle",
        fix="import packages/<capability>/browser, and export there what the browser may have",
        source=_browser_safe,
    ),
)
