"""Raw requests, as no client would send them, to the real handlers and to ours."""

import base64
import json
import logging
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from tests.node_peer import ask_node, peers_installed

from rawr.contract import Contract, delete, get, patch, post, procedure, put
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.procedure import Router, implement
from rawr.schema import UNDEFINED, File
from rawr.testing.asgi import ASGIClient

from .golden_router import ANY, anything

pytestmark = pytest.mark.node

REQUESTS = 4000

Nested: Any = type(
    "Nested",
    (Contract,),
    {"deep": anything(procedure()), "a b/c": anything(procedure())},
    camel_case=False,
)


class Raw(Contract):
    echo = anything(post("/echo"))
    read = anything(get("/read"))
    item = anything(get("/items/{id}"))
    fixed = anything(get("/items/fixed"))
    replace = anything(put("/items/{id}"))
    tag = anything(patch("/items/{id}/tags/{tag}"))
    forget = delete("/items/{id}").input(ANY)
    create = anything(post("/items").route(success_status=201))
    rest = anything(get("/files/{+path}"))
    parts = anything(post("/parts/{id}").route(input_structure="detailed"))
    asked = anything(get("/asked").route(input_structure="detailed", output_structure="detailed"))
    nested: Nested


def described(value: Any) -> Any:
    if isinstance(value, File):
        text = value.content.decode("utf-8", "replace")
        return {"file": value.name, "type": value.media_type, "text": text}
    if isinstance(value, list):
        return [described(item) for item in value]
    if isinstance(value, Mapping):
        return {name: described(item) for name, item in value.items()}
    return value


def router() -> Router[None]:
    os, nested = implement(Raw), implement(Nested)

    async def echo(_context: None, input: Any) -> Any:
        return {"given": described(input)}

    own = (Raw.echo, Raw.read, Raw.item, Raw.fixed, Raw.replace, Raw.tag, Raw.create, Raw.rest)
    for contract in own:
        os.handler(contract)(echo)
    for contract in Nested.contract_procedures.values():
        nested.handler(contract)(echo)

    @os.handler(Raw.forget)
    async def forget(_context: None, _input: Any) -> None:
        return None

    @os.handler(Raw.parts)
    async def parts(_context: None, input: Any) -> Any:
        given = {name: input.get(name, UNDEFINED) for name in ("params", "query", "body")}
        return {name: described(part) for name, part in given.items() if part is not UNDEFINED}

    @os.handler(Raw.asked)
    async def asked(_context: None, input: Any) -> Any:
        query = input.get("query", UNDEFINED) if isinstance(input, dict) else UNDEFINED
        return {"status": 202, "headers": {"x-a": ["1", "2"]}, "body": query}

    return os.router(nested=nested.router())


PATHS = (
    *("/echo", "/read", "/items", "/items/1", "/items/fixed", "/items/a%2Fb", "/items/%C3%A9"),
    *("/items/1/tags/x", "/files/a", "/files/a/b%20c", "/files/", "/files"),
    *("/parts/7", "/asked", "/nested/deep", "/nested/a%20b%2Fc", "/nested/a b/c", "/forget"),
    *("/replace", "/tag", "/create", "/rest", "/item", "/missing", "/", "", "/items/%zz", "/Echo"),
)
QUERIES = (
    *("", "", "a=1", "a=1&a=2", "a[]=1", "a[b]=1&a[c]=2", "a[0]=x&a[2]=y", "=x", "a", "a=%FF"),
    *("a+b=c+d", "id=2", "a[b]=1&a=2", "data=%7B%7D", 'data={"json":1}', "data=", "data=x"),
    *(
        'data={"json":1}&data={"json":2}',
        'data={"json":[null],"meta":[[3,0]]}',
        "a[b][]=1",
        "[a]=1",
    ),
)
BIG = 2**60
"""An integer that is a bigint on both sides."""
JSON_BODIES = (
    *("", "{}", "null", "[]", "1", '"x"', "{", "[1", '{"json":1}', '{"json":{"a":[1]}}'),
    *(f'{{"json":"{BIG}","meta":[[0]]}}', f'{{"json":{{"a":"{BIG}"}},"meta":[[0,"a"]]}}'),
    *('{"meta":null}', '{"json":{"a":"2020-01-01T00:00:00.000Z"},"meta":[[1,"a"]]}'),
    *('{"json":{"a":1},"meta":[[3,"a"]]}', '{"json":{},"meta":{}}', '{"json":1,"meta":[[99]]}'),
    *('{"a":1,"id":"body"}', '{"json":{"a":null},"meta":[[2,"a"]]}'),
    *('{"json":[],"meta":[[6]]}', '{"json":null,"meta":[[1]]}', '{"json":1,"meta":[["x"]]}', " 1 "),
)
FORM = (
    '--{boundary}\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n--{boundary}\r\n'
    'Content-Disposition: form-data; name="f[0]"; filename="n.txt"\r\n'
    "Content-Type: text/plain\r\n\r\nabc\r\n--{boundary}--\r\n"
)
BOUNDARY = "b" * 30
FORMS = tuple(
    FORM.format(name, value, boundary=BOUNDARY)
    for name, value in (("a[b]", "1"), ("data", '{"json":{}}'), ("a", "1"))
)
BODIES: tuple[tuple[str, str], ...] = (
    *((body, "application/json") for body in JSON_BODIES),
    *((body, "") for body in JSON_BODIES[:9]),
    *((form, f"multipart/form-data; boundary={BOUNDARY}") for form in (*FORMS, FORMS[0][:-40])),
    ("a[b]=1&a[c]=2&id=form", "application/x-www-form-urlencoded"),
    ("", "application/x-www-form-urlencoded"),
    ("hello", "text/plain"),
    ("hello", "text/plain;charset=utf-8"),
    ("hello", "application/octet-stream"),
    ("hello", "image/png"),
    ("{}", "application/jsonp"),
    ("{}", "APPLICATION/JSON"),
    ("<a/>", "text/html"),
)
METHODS = ("GET", "GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")


def request(random: Random) -> dict[str, Any]:
    method = random.choice(METHODS)
    prefix = random.choice(("/api",) * 8 + ("/api/", "/apix", "/other"))
    target = prefix + random.choice(PATHS).replace(" ", "%20") + random.choice(("",) * 6 + ("/",))
    query = random.choice(QUERIES)
    headers: dict[str, str] = {}
    body = None
    if method not in {"GET", "HEAD"}:
        text, content_type = random.choice(BODIES)
        body = base64.b64encode(text.encode()).decode()
        if content_type:
            headers["content-type"] = content_type
        # Node writes the type of a form anew, spaces and all.
        if random.random() < 0.05 and not content_type.startswith("multipart"):
            headers["content-disposition"] = 'inline; filename="given.bin"'
    return {
        "protocol": random.choice(("rpc", "openapi")),
        "method": method,
        "target": target + ("?" + query.replace('"', "%22") if query else ""),
        "headers": headers,
        "body": body,
    }


async def ours(clients: Mapping[str, ASGIClient], asked: dict[str, Any]) -> dict[str, Any] | None:
    response = await clients[asked["protocol"]].request(
        asked["method"],
        asked["target"],
        headers=asked["headers"],
        body=base64.b64decode(asked["body"] or ""),
    )
    if response.status == 404:
        return None
    content_type = response.headers.get("content-type")
    return {"status": response.status, "type": content_type, "body": response.body.decode()}


def told(answer: dict[str, Any] | None) -> object:
    """An answer as far as it says something; of refusals, whose fault it is."""
    if answer is None or answer["status"] >= 400:
        # Of two mistakes in one request, the real handlers may tell the other one.
        return answer and answer["status"] // 100
    body = answer["body"]
    is_json = (answer["type"] or "").startswith("application/json")
    return {**answer, "body": json.loads(body) if is_json and body else body}


async def test_raw_requests_are_answered_alike() -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    random = Random(41)
    asked = [request(random) for _ in range(REQUESTS)]
    served = router()
    clients = {
        "rpc": ASGIClient(RPCHandler(served).asgi(prefix="/api")),
        "openapi": ASGIClient(OpenAPIHandler(served).asgi(prefix="/api")),
    }
    logging.getLogger("rawr.http").setLevel(logging.CRITICAL)
    theirs = ask_node("peers/handlers.mjs", asked)
    wrong = [
        (one, mine, told(real))
        for one, real in zip(asked, theirs, strict=True)
        if (mine := told(await ours(clients, one))) != told(real)
    ]
    assert wrong == []
