"""Rules about what is mounted where: 1, 14, 15, 55."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rawr.policy._place import Layer
from rawr.policy._python import PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._select import annotation_name, annotations, argument, calls, strings, text_of
from ._sends import sends

FAMILIES: Final = ("/api/inngest", "/api/workflows", "/rpc", "/api/orpc")
_INFRASTRUCTURE: Final = re.compile(
    r"/(health|ready|metrics|openapi\.json|sign-in|sign-out|console|rawr/plugins/web)(/.*)?|/[\w-]+\.\w+"
)
_RPC_WORKFLOWS: Final = re.compile(r"/rpc/workflows(?![\w-])")
_MOUNTS: Final = frozenset(
    {
        "rawr.host.Mount",
        "starlette.routing.Mount",
        "starlette.routing.Route",
        "starlette.routing.WebSocketRoute",
    }
)
_MOUNT_METHODS: Final = frozenset(
    {"add_api_route", "add_route", "add_url_rule", "add_websocket_route", "mount"}
)
_ROUTE_DECORATORS: Final = frozenset(
    {"delete", "get", "head", "options", "patch", "post", "put", "route", "websocket"}
)
_HOST_CONSTANTS: Final = {
    "rawr.host.API": "/api/orpc",
    "rawr.host.INGRESS": "/api/inngest",
    "rawr.host.OPENAPI_DOCUMENT": "/api/orpc/openapi.json",
    "rawr.host.RPC": "/rpc",
    "rawr.host.WORKFLOWS": "/api/workflows",
}
_REQUESTS: Final = frozenset(
    {
        "fastapi.Request",
        "starlette.requests.Request",
        "starlette.types.Receive",
        "starlette.types.Scope",
        "starlette.websockets.WebSocket",
    }
)


@dataclass(frozen=True, slots=True)
class _Mounted:
    file: PythonFile
    node: ast.AST
    path: str


def _mounts(tree: Tree) -> Iterator[_Mounted]:
    for file in tree.python():
        for call in file.each(ast.Call):
            path = _mounted_path(tree, file, call)
            if path is not None:
                yield _Mounted(file, call, path)
        for _, call, path in _decorated(tree, file):
            yield _Mounted(file, call, path)


def _mounted_path(tree: Tree, file: PythonFile, call: ast.Call) -> str | None:
    is_method = isinstance(call.func, ast.Attribute) and call.func.attr in _MOUNT_METHODS
    if not is_method and tree.name(file, call.func) not in _MOUNTS:
        return None
    first = argument(call, 0, "prefix") or argument(call, 0, "path")
    return _HOST_CONSTANTS.get(tree.name(file, first)) or text_of(tree, file, first)


def _decorated(
    tree: Tree, file: PythonFile
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, ast.Call, str]]:
    """Functions under a decorator such as `@app.post("/path")`."""
    for function in file.each(ast.FunctionDef, ast.AsyncFunctionDef):
        for call in function.decorator_list:
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            path = text_of(tree, file, argument(call, 0, "path"))
            if call.func.attr in _ROUTE_DECORATORS and path is not None and path.startswith("/"):
                yield function, call, path


def _four_families(tree: Tree) -> Iterator[Finding]:
    seen: dict[str, _Mounted] = {}
    for mounted in _mounts(tree):
        path = mounted.path.rstrip("/") or "/"
        layer = mounted.file.place.layer
        if layer is Layer.PLUGIN or (layer is Layer.HOST and not _is_known(path)):
            message = f"{path} is none of the four route families"
            if layer is Layer.PLUGIN:
                message = f"a plugin mounts {path} itself"
            yield mounted.file.finding(mounted.node, message)
        elif layer is Layer.HOST and path in FAMILIES and path in seen:
            yield mounted.file.finding(mounted.node, f"{path} is mounted a second time")
        seen.setdefault(path, mounted)


def _is_known(path: str) -> bool:
    if any(path == family or path.startswith(family + "/") for family in FAMILIES):
        return True
    return _is_catch_all(path) or _INFRASTRUCTURE.fullmatch(path) is not None


def _is_catch_all(path: str) -> bool:
    above = re.sub(r"/\{[^}]*:path\}$|/\*$", "", path).rstrip("/")
    return any(family.startswith(above + "/") for family in FAMILIES)


def _no_catch_all(tree: Tree) -> Iterator[Finding]:
    for mounted in _mounts(tree):
        is_page = isinstance(mounted.node, ast.Call) and _is_exact(mounted.node)
        if mounted.file.place.layer is Layer.HOST and _is_catch_all(mounted.path) and not is_page:
            yield mounted.file.finding(
                mounted.node, f"{mounted.path or '/'} answers for several route families at once"
            )


def _is_exact(call: ast.Call) -> bool:
    """True for one page, as opposed to everything below a prefix."""
    exact = argument(call, 2, "exact")
    is_exact = isinstance(exact, ast.Constant) and exact.value is True
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    is_route = name in (*_ROUTE_DECORATORS, "Route", "add_route", "add_api_route")
    path = call.args[0] if call.args else None
    has_rest = isinstance(path, ast.Constant) and ":path}" in str(path.value)
    return is_exact or (is_route and not has_rest)


def _no_rpc_workflows(tree: Tree) -> Iterator[Finding]:
    message = "/rpc/workflows is no route family"
    for file in tree.python():
        for node, text in strings(file):
            if _RPC_WORKFLOWS.search(text):
                yield file.finding(node, message)
        for call in calls(tree, file, {"rawr.composition.define_capability"}):
            name = argument(call, 0, "name")
            if text_of(tree, file, name) == "workflows":
                yield file.finding(name, "a capability called workflows is /rpc/workflows")
    for script in tree.scripts:
        for token in script.strings():
            if _RPC_WORKFLOWS.search(token.text):
                yield script.finding(token, message)


def _triggers_are_procedures(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.HOST, Layer.PLUGIN, Layer.MANIFEST):
        routed = {function for function, _, _ in _decorated(tree, file)}
        for node in sends(tree, file):
            functions = list(file.functions(node))
            is_route = any(
                function in routed or _takes_request(tree, file, function) for function in functions
            )
            if is_route or file.place.layer is not Layer.PLUGIN:
                yield file.finding(node, "an HTTP route sends an event past the trigger procedure")


def _takes_request(
    tree: Tree, file: PythonFile, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> bool:
    return any(
        annotation_name(tree, file, found) in _REQUESTS for _, found in annotations(function)
    )


RULES: Final = (
    Rule(
        number=1,
        title="There are four route families: /rpc, /api/orpc, /api/workflows, /api/inngest",
        reason="who may call is decided by the family, so a fifth one is guarded by nobody",
        fix="declare a procedure in a contract; the host serves it under its family",
        source=_four_families,
    ),
    Rule(
        number=14,
        title="There is no /rpc/workflows mount",
        reason="over RPC a workflow procedure is /rpc/<capability>/workflows/<procedure>",
        fix="call the procedure through the one composed router, capability first",
        source=_no_rpc_workflows,
    ),
    Rule(
        number=15,
        title="Workflow triggers are procedures that dispatch to the engine",
        reason="a plain route has no contract, no typed errors, no permissions and no outbox",
        fix="make it a procedure of the workflow contract, and dispatch in its operation",
        source=_triggers_are_procedures,
    ),
    Rule(
        number=55,
        title="The host mounts the boundary and the ingress separately",
        reason="one catch-all cannot tell callers from the engine",
        fix="mount each route family under its own prefix",
        source=_no_catch_all,
    ),
)
