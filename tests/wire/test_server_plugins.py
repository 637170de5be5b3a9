"""Our plugins against those of the real server, response by response."""

import base64
import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.node_peer import ask_node, peers_installed

from rawr.contract import Contract, get, procedure
from rawr.http import Plugin, RPCHandler
from rawr.http.plugins import CORS, Batch, Compression, CSRFProtection
from rawr.procedure import Router, implement
from rawr.testing.asgi import ASGIClient

from .golden_router import ANY, identity

pytestmark = pytest.mark.node


class Asked(Contract):
    echo = procedure().input(ANY).output(ANY)
    read = get().input(ANY).output(ANY)
    text = procedure().input(int).output(str)
    stream = procedure().streams(str)


def router() -> Router[None]:
    os = implement(Asked)
    os.handler(Asked.echo)(identity)
    os.handler(Asked.read)(identity)

    @os.handler(Asked.text)
    async def text(_context: None, input: int) -> str:
        return "a" * input

    @os.stream(Asked.stream)
    async def stream(_context: None) -> AsyncIterator[str]:
        yield "a" * 5000

    return os.router()


def request(method: str, target: str, body: str | None = None, **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        named["content-type"] = "application/json"
    return {"method": method, "target": target, "headers": named, "body": body}


async def assert_alike(cases: list[tuple[str, Any, list[Plugin], dict[str, Any]]]) -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    asked = [{"plugin": name, "options": opts, "request": sent} for name, opts, _, sent in cases]
    wrong = []
    for (name, opts, plugins, sent), theirs in zip(
        cases, ask_node("peers/plugins.mjs", asked), strict=True
    ):
        client = ASGIClient(RPCHandler(router(), plugins=plugins).asgi(prefix="/rpc"))
        response = await client.request(
            sent["method"],
            sent["target"],
            headers=sent["headers"],
            body=(sent["body"] or "").encode(),
        )
        ours = {"status": response.status}
        if response.status != 404:
            headers = dict(response.headers)
            headers.pop("content-length", None)
            ours |= {"headers": _told(headers), "body": _content(headers, response.body)}
            theirs["headers"].pop("content-length", None)
            theirs["body"] = _content(theirs["headers"], base64.b64decode(theirs["body"]))
            theirs["headers"] = _told(theirs["headers"])
        if ours != theirs:
            wrong.append((name, opts, sent, ours, theirs))
    assert wrong == []


def _told(headers: dict[str, str]) -> dict[str, str]:
    """Headers that say something: the real plugin sends some of them empty."""
    return {name: value for name, value in headers.items() if value}


def _content(headers: dict[str, str], body: bytes) -> bytes:
    match headers.get("content-encoding"):
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case _:
            return body


A, B = "https://a.example", "https://b.example"

CORS_OPTIONS: list[tuple[dict[str, Any], Plugin]] = [
    ({}, CORS()),
    ({"origin": "*"}, CORS(origins="*")),
    ({"origin": A}, CORS(origins=A)),
    ({"origin": [A, "https://c.example"]}, CORS(origins=[A, "https://c.example"])),
    ({"origin": A, "credentials": True}, CORS(origins=A, credentials=True)),
    ({"maxAge": 600}, CORS(max_age_seconds=600)),
    ({"maxAge": 0}, CORS(max_age_seconds=0)),
    ({"allowMethods": []}, CORS(allow_methods=[])),
    ({"allowMethods": ["POST", "PUT"]}, CORS(allow_methods=["POST", "PUT"])),
    ({"allowHeaders": ["x-a", "x-b"]}, CORS(allow_headers=["x-a", "x-b"])),
    ({"allowHeaders": []}, CORS(allow_headers=[])),
    ({"exposeHeaders": ["x-a", "x-b"]}, CORS(expose_headers=["x-a", "x-b"])),
    ({"timingOrigin": "*"}, CORS(timing_origins="*")),
    ({"timingOrigin": [A]}, CORS(timing_origins=[A])),
]

CORS_REQUESTS = [
    request("OPTIONS", "/rpc/echo", origin=A, access_control_request_method="POST"),
    request("OPTIONS", "/rpc/echo", origin=B, access_control_request_headers="x-a, content-type"),
    request("OPTIONS", "/rpc/missing", origin=A),
    request("OPTIONS", "/elsewhere", origin=A),
    request("OPTIONS", "/rpc/echo"),
    request("POST", "/rpc/echo", '{"json":1}', origin=A),
    request("POST", "/rpc/echo", '{"json":1}', origin=B),
    request("POST", "/rpc/echo", '{"json":1}'),
    request("POST", "/rpc/echo", "{", origin=A),
    request("GET", "/rpc/echo", origin=A),
    request("POST", "/rpc/missing", '{"json":1}', origin=A),
]


async def test_cors_answers_like_the_real_plugin() -> None:
    await assert_alike(
        [
            ("cors", options, [plugin], sent)
            for options, plugin in CORS_OPTIONS
            for sent in CORS_REQUESTS
        ]
    )


BATCH = '[{"url":"http://hq.example/rpc/echo","body":{"json":1}%s}]'
TOKEN = ',"headers":{"x-csrf-token":"orpc"}'


async def test_csrf_protection_answers_like_the_real_plugin() -> None:
    plain: list[Plugin] = [CSRFProtection(), Batch()]
    named: list[Plugin] = [CSRFProtection(header_name="x-Own", header_value="v"), Batch()]
    sent = [
        request("POST", "/rpc/echo", '{"json":1}'),
        request("POST", "/rpc/echo", '{"json":1}', x_csrf_token="orpc"),
        request("POST", "/rpc/echo", '{"json":1}', x_csrf_token="other"),
        request("GET", "/rpc/read?data=%7B%7D"),
        request("POST", "/rpc/missing", "{}"),
        request("POST", "/rpc/__batch__", BATCH % "", x_orpc_batch="buffered"),
        request("POST", "/rpc/__batch__", BATCH % TOKEN, x_orpc_batch="buffered"),
        request("POST", "/rpc/__batch__", BATCH % "", x_orpc_batch="buffered", x_csrf_token="orpc"),
    ]
    await assert_alike(
        [("csrf", {}, plain, item) for item in sent]
        + [
            ("csrf", {"headerName": "x-own", "headerValue": "v"}, named, item)
            for item in (*sent, request("POST", "/rpc/echo", '{"json":1}', x_own="v"))
        ]
    )


async def test_strict_get_answers_like_the_real_plugin() -> None:
    await assert_alike(
        [
            ("none", {}, [], request("GET", "/rpc/echo")),
            ("none", {}, [], request("GET", "/rpc/read?data=%7B%22json%22%3A1%7D")),
            ("none", {}, [], request("POST", "/rpc/read", '{"json":1}')),
            ("none", {}, [], request("DELETE", "/rpc/echo", '{"json":1}')),
        ]
    )


async def test_compression_answers_like_the_real_plugin() -> None:
    def text(length: int, accepted: str) -> dict[str, Any]:
        return request("POST", "/rpc/text", f'{{"json":{length}}}', accept_encoding=accepted)

    cases = [
        *(text(5000, each) for each in ("gzip", "deflate", "deflate, gzip", "br", "identity")),
        text(5000, "gzip;q=0.5, deflate"),
        text(5000, " GZIP ".strip().lower()),
        request("POST", "/rpc/stream", "{}", accept_encoding="gzip"),
        request("POST", "/rpc/missing", "{}", accept_encoding="gzip"),
    ]
    await assert_alike(
        [("compression", {}, [_without_vary(Compression())], sent) for sent in cases]
        + [
            (
                "compression",
                {"encodings": ["deflate"]},
                [_without_vary(Compression(encodings=["deflate"]))],
                sent,
            )
            for sent in cases
        ]
    )


class _WithoutVary(Plugin):
    """The real plugin forgets to tell caches; ours does not."""

    def __init__(self, inner: Plugin) -> None:
        self._inner = inner

    def around_exchange(self, exchange: Any, mount: Any) -> Any:
        compressed = self._inner.around_exchange(exchange, mount)

        async def run(scope: Any, receive: Any, send: Any) -> bool:
            async def sending(message: Any) -> None:
                if "headers" in message:
                    message["headers"] = [h for h in message["headers"] if h[0] != b"vary"]
                await send(message)

            matched: bool = await compressed(scope, receive, sending)
            return matched

        return run


def _without_vary(plugin: Plugin) -> Plugin:
    return _WithoutVary(plugin)
