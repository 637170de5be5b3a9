"""Rules about who may import whom: 23, 26, 27, 28, 60."""

from collections.abc import Iterator
from typing import Final

from rawr.policy._place import RANK, Layer, Place, place_of
from rawr.policy._python import PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._select import ADAPTERS, HOST_MODULES, calls, plugins, starts_with, web_scripts

_TRANSPORTS: Final = (
    *ADAPTERS,
    "aiohttp",
    "bottle",
    "django",
    "falcon",
    "fastapi",
    "flask",
    "hypercorn",
    "litestar",
    "quart",
    "rawr.http",
    "rawr.openapi",
    "sanic",
    "starlette",
    "tornado",
    "uvicorn",
)
_DRIVERS: Final = (
    "aiosqlite",
    "argon2",
    "asyncpg",
    "authlib",
    "boto3",
    "jose",
    "jwt",
    "motor",
    "mysql",
    "passlib",
    "psycopg",
    "psycopg2",
    "pymongo",
    "rawr.sqlite",
    "redis",
    "sqlalchemy",
    "sqlite3",
)
_OPENERS: Final = frozenset(
    {
        "aiosqlite.connect",
        "asyncpg.connect",
        "asyncpg.create_pool",
        "boto3.client",
        "boto3.resource",
        "psycopg.AsyncConnection.connect",
        "psycopg.connect",
        "psycopg2.connect",
        "pymongo.MongoClient",
        "rawr.sqlite.Database.open",
        "redis.Redis",
        "redis.asyncio.Redis",
        "redis.asyncio.from_url",
        "redis.from_url",
        "sqlalchemy.create_engine",
        "sqlalchemy.ext.asyncio.create_async_engine",
        "sqlite3.connect",
    }
)
_MANIFEST_MAY_NOT: Final = frozenset({"client", "context", "functions", "operations", "router"})


def _transport_neutral(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.PACKAGE):
        for imported in file.imports:
            if starts_with(imported.dotted, _TRANSPORTS):
                yield file.finding(imported.node, f"a package imports {imported.dotted}")
        for imported, target in tree.edges(file):
            reached = _transport_behind(tree, target)
            if target.place.layer is not Layer.PACKAGE and reached:
                message = f"a package imports {target.module}, which leads to {reached}"
                yield file.finding(imported.node, message)


def _transport_behind(tree: Tree, start: PythonFile) -> str:
    """The transport that a module of shared infrastructure imports, directly or not."""
    seen, pending = {start}, [start]
    while pending:
        file = pending.pop()
        if file.place.layer is not Layer.SHARED:
            continue
        for imported in file.imports:
            if starts_with(imported.dotted, _TRANSPORTS):
                return imported.dotted
        for _, target in tree.edges(file):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return ""


def _plugin_to_plugin(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.PLUGIN):
        for imported, target in tree.edges(file):
            if not imported.is_typing_only and _is_other_plugin(file.place, target.place):
                yield file.finding(imported.node, _foreign_plugin(target.place))
    for script in web_scripts(tree):
        for found in script.imports:
            place = place_of(found.target)
            if _is_other_plugin(script.place, place):
                yield script.finding(found.token, _foreign_plugin(place))


def _is_other_plugin(own: Place, other: Place) -> bool:
    return other.layer is Layer.PLUGIN and bool(other.capability) and own.owner != other.owner


def _foreign_plugin(place: Place) -> str:
    return f"a plugin imports another one, plugins/{place.kind}/{place.capability}"


def _one_way(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(*RANK):
        own = RANK[file.place.layer]
        for imported, target in tree.edges(file):
            if target.place.layer not in RANK:
                message = f"{target.module} belongs to no layer that may be imported"
                yield file.finding(imported.node, message)
            elif own < RANK[target.place.layer]:
                yield file.finding(imported.node, _upwards(file.place, target.place))
        for imported in file.imports:
            if own < RANK[Layer.HOST] and starts_with(imported.dotted, HOST_MODULES):
                message = f"a {file.place.layer.value} imports the host: {imported.dotted}"
                yield file.finding(imported.node, message)
    for script in tree.scripts:
        for found in script.imports:
            place = place_of(found.target)
            if RANK.get(script.place.layer, 99) < RANK.get(place.layer, 0):
                yield script.finding(found.token, _upwards(script.place, place))


def _upwards(own: Place, target: Place) -> str:
    return f"a module of the layer {own.layer.value} imports one of {target.layer.value}"


def _host_constructs(tree: Tree) -> Iterator[Finding]:
    for file in plugins(tree, "api", "workflows", "web"):
        for imported in file.imports:
            if starts_with(imported.dotted, _DRIVERS):
                yield file.finding(imported.node, f"a plugin imports {imported.dotted}")
    for file in tree.python(Layer.PACKAGE):
        for call in calls(tree, file, _OPENERS):
            yield file.finding(call, f"a package opens {tree.name(file, call.func)} itself")


def _manifest_only(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.HOST):
        for imported, target in tree.edges(file):
            if target.place.layer in (Layer.PACKAGE, Layer.PLUGIN):
                message = f"the host imports {target.module}, past the manifest"
                yield file.finding(imported.node, message)
    for file in tree.python(Layer.MANIFEST):
        for imported, target in tree.edges(file):
            if target.place.role in _MANIFEST_MAY_NOT:
                message = f"the manifest imports {target.module}, past the surface of its plugin"
                yield file.finding(imported.node, message)


RULES: Final = (
    Rule(
        number=23,
        title="Packages are transport-neutral",
        reason="a package that knows its transport can be reached in one way only",
        fix="move the transport to a plugin or the host; a contract in a package is a declaration",
        source=_transport_neutral,
    ),
    Rule(
        number=26,
        title="Plugins do not import each other",
        reason="plugins that lean on each other cannot be enabled, tested or removed alone",
        fix="move what both need to the package, and call it through the in-process client",
        source=_plugin_to_plugin,
    ),
    Rule(
        number=27,
        title="Imports point one way: shared infrastructure <- packages <- plugins <- host",
        reason="a layer that imports upwards drags the host into every test and every tool",
        fix="take what you need as an argument or a port, or move it to the lower layer",
        source=_one_way,
    ),
    Rule(
        number=28,
        title="Concrete adapters, databases and authentication are constructed by the host",
        reason="a connection opened elsewhere has no owner who configures and closes it",
        fix="take a port in the context or in `provide(ports)`, and let the host bind it",
        source=_host_constructs,
    ),
    Rule(
        number=60,
        title="The host consumes the manifest, not the capabilities behind it",
        reason="a host that knows its capabilities must be edited for each new one",
        fix="import rawr_hq.manifest in the host, and surfaces (not routers) in rawr_hq.py",
        source=_manifest_only,
    ),
)
