"""Rules about who calls what: 2, 9, 10, 22."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from rawr.policy._browser import ScriptFile
from rawr.policy._facts import ManifestFacts
from rawr.policy._place import Layer
from rawr.policy._python import PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._script import Token, arguments
from rawr.policy._tree import Tree

from ._select import located, saying, starts_with

INGRESS: Final = "/api/inngest"
_HTTP_CLIENTS: Final = ("aiohttp", "http.client", "httpx", "httpx2", "requests", "urllib.request")
_LINKS: Final = frozenset({"rawr.client.OpenAPILink", "rawr.client.RPCLink"})
_LOCAL: Final = re.compile(
    r"(?:https?|wss?)://(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])(?:[:/?#]|$)",
    re.IGNORECASE,
)
_FETCHERS: Final = ("fetch", "$fetch", "EventSource", "WebSocket", "sendBeacon", "axios", "ky")
_VERBS: Final = ("get", "post", "put", "patch", "delete", "request")
_BY_CONTRACT: Final = ("/api/workflows", "/api/orpc", "/rpc")
_NPM_RPC: Final = re.compile(r"@orpc/client/(?:fetch|websocket|message-port)$")


def _no_ingress_callers(tree: Tree) -> Iterator[Finding]:
    message = f"{INGRESS} is for the engine alone"
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN, Layer.SDK):
        for node, _ in saying(tree, file, lambda text: INGRESS in text):
            yield file.finding(node, message)
    for file in tree.python(Layer.HOST, Layer.MANIFEST, Layer.OTHER):
        for call in file.each(ast.Call):
            if _is_http_call(tree, file, call) and INGRESS in _texts(call):
                yield file.finding(call, message)
    for script in tree.scripts:
        for token in script.strings():
            if INGRESS in token.text:
                yield script.finding(token, message)


def _no_self_calls(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN):
        for node, text in saying(tree, file, lambda text: bool(_LOCAL.match(text))):
            yield file.finding(node, f"server code addresses its own machine: {text[:80]}")
        for imported in file.imports:
            if tree.canonical(imported.dotted) in _LINKS:
                yield file.finding(imported.node, f"server code imports {imported.dotted}")
    for file in tree.python(Layer.HOST, Layer.MANIFEST):
        for call in file.each(ast.Call):
            texts = _texts(call) if _is_http_call(tree, file, call) else ""
            if any(_LOCAL.match(text) for text in texts.split("\n")):
                yield file.finding(call, "the host calls itself over HTTP")


def _is_http_call(tree: Tree, file: PythonFile, call: ast.Call) -> bool:
    name = tree.name(file, call.func)
    return name in _LINKS or starts_with(name, _HTTP_CLIENTS)


def _texts(call: ast.Call) -> str:
    values = (*call.args, *(item.value for item in call.keywords))
    nodes = (node for value in values for node in ast.walk(value))
    return "\n".join(
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _first_party_links(tree: Tree) -> Iterator[Finding]:
    for script in tree.scripts:
        if script.place.layer in (Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN, Layer.HOST):
            yield from _handwritten_calls(script)
            yield from _openapi_links(script)


def _handwritten_calls(script: ScriptFile) -> Iterator[Finding]:
    for name in _FETCHERS:
        for opening in (*script.calls(name), *script.calls(name, *_VERBS)):
            family = _family(_first_arguments(script, opening, 1))
            if family:
                token = script.tokens[opening]
                yield script.finding(token, f"{family} is called by a hand-written {name}")
    for opening in script.calls("open"):
        method, *address = _first_arguments(script, opening, 2) or [script.tokens[opening]]
        if method.text.lower() in _VERBS and _family(address):
            message = f"{_family(address)} is called by a hand-written request"
            yield script.finding(script.tokens[opening], message)


def _first_arguments(script: ScriptFile, opening: int, count: int) -> list[Token]:
    found: list[Token] = []
    for token in arguments(script.tokens, opening):
        if token.is_punct(","):
            count -= 1
        if not count:
            break
        found.append(token)
    return found


def _openapi_links(script: ScriptFile) -> Iterator[Finding]:
    for opening in script.calls("OpenAPILink"):
        given = list(arguments(script.tokens, opening))
        token = script.tokens[opening]
        if _family(given) in ("/api/orpc", "/rpc"):
            yield script.finding(token, "an OpenAPI link carries first-party API calls")
        elif not _includes_credentials(given):
            yield script.finding(token, "this OpenAPI link does not include credentials")


def _includes_credentials(tokens: list[Token]) -> bool:
    for index, token in enumerate(tokens[:-2]):
        if token.text == "credentials" and tokens[index + 1].is_punct(":"):
            return tokens[index + 2].text == "include"
    return False


def _family(tokens: list[Token]) -> str:
    texts = [token.text for token in tokens if token.kind in ("string", "template")]
    return next((family for family in _BY_CONTRACT if any(family in text for text in texts)), "")


def _rpc_is_not_published(tree: Tree) -> Iterator[Finding]:
    published = tuple(_published_folders(tree))
    for file in tree.python():
        if _is_published(file.path, file.place.layer, published):
            for imported in file.imports:
                if tree.canonical(imported.dotted) == "rawr.client.RPCLink":
                    yield file.finding(imported.node, "a published package holds an RPC client")
    for script in tree.scripts:
        if _is_published(script.path, script.place.layer, published):
            for found in script.imports:
                if _NPM_RPC.match(found.specifier):
                    yield script.finding(found.token, "a published package holds an RPC client")


def _published_folders(tree: Tree) -> Iterator[str]:
    for metadata in tree.metadata:
        if metadata.path.endswith("package.json") and "publishConfig" in metadata.content:
            yield str(PurePosixPath(metadata.path).parent) + "/"


def _is_published(path: str, layer: Layer, published: tuple[str, ...]) -> bool:
    return layer is Layer.SDK or (bool(published) and path.startswith(published))


def _no_rpc_in_document(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    addresses = [str(path) for path in facts.openapi.get("paths", {})]
    for server in facts.openapi.get("servers", ()):
        addresses += [re.sub(r"^https?://[^/]*", "", str(server.get("url", "")))]
    for address in addresses:
        if address == "/rpc" or address.startswith("/rpc/"):
            yield located(tree, f"the published document names {address}")


RULES: Final = (
    Rule(
        number=2,
        title="Nothing but the engine calls /api/inngest",
        reason="it is the engine's own entrance: signed, and no API",
        fix="call a procedure of the workflow contract under /api/workflows/<capability>",
        source=_no_ingress_callers,
    ),
    Rule(
        number=9,
        title="RPC clients are not published; OpenAPI is the only published surface",
        reason="RPC carries internal procedures and changes with them",
        fix="build the SDK from the OpenAPI document, on an OpenAPI link",
        source=_rpc_is_not_published,
        manifest=_no_rpc_in_document,
    ),
    Rule(
        number=10,
        title="A micro-frontend calls workflows by typed client over an OpenAPI link with "
        "credentials, and APIs over the RPC link",
        reason="calls that bypass the contract lose its types, and without credentials they fail",
        fix="use new OpenAPILink(contract, {url: '/api/workflows', fetch: ... credentials: "
        "'include'}) for workflows and new RPCLink({url: '/rpc'}) for APIs",
        source=_first_party_links,
    ),
    Rule(
        number=22,
        title="Server-internal calls use the in-process client, never local HTTP",
        reason="a self-call costs a socket, loses the principal and can deadlock the host",
        fix="call the package through the client in the context, such as context.invoicing",
        source=_no_self_calls,
    ),
)
