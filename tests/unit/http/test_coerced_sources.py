"""What is text in a request becomes what the input asks for; what is JSON has to be it."""

import datetime as dt
import enum
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

import pytest
from pydantic import Field

from rawr.contract import Contract, get, post, put
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.http._coercer import Coercer
from rawr.procedure import implement
from rawr.schema import Schema, SchemaMode, UndescribableType, adapt
from rawr.testing.asgi import ASGIClient, ASGIResponse

ID = "00000000-0000-4000-8000-000000000001"
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}


class Size(enum.IntEnum):
    SMALL = 1


def client_of(source: Any) -> tuple[ASGIClient, ASGIClient]:
    """By path, query, body, form and header; and by RPC."""

    class Value(Schema):
        value: source

    class Things(Contract):
        query = get("/query").input(Value).output(str)
        path = get("/path/{value}").input(Value).output(str)
        body = post("/body").input(Value).output(str)

    os = implement(Things)

    async def show(context: None, input: Value) -> str:
        return repr(input.value)

    for procedure in (Things.query, Things.path, Things.body):
        os.handler(procedure)(show)
    router = os.router()
    return ASGIClient(OpenAPIHandler(router).asgi()), ASGIClient(RPCHandler(router).asgi())


Send = Callable[[ASGIClient, ASGIClient, object], Awaitable[ASGIResponse]]
SOURCES: dict[str, Send] = {
    "rpc": lambda _, rpc, value: rpc.request(
        "POST", "/body", body=json.dumps({"json": {"value": value}}).encode()
    ),
    "json": lambda api, _, value: api.request(
        "POST", "/body", body=json.dumps({"value": value}).encode()
    ),
    "query": lambda api, _, value: api.request("GET", f"/query?value={quote(str(value))}"),
    "path": lambda api, _, value: api.request("GET", f"/path/{quote(str(value), safe='')}"),
    "form": lambda api, _, value: api.request(
        "POST", "/body", headers=FORM, body=f"value={quote(str(value))}".encode()
    ),
    "multipart": lambda api, _, value: api.request(
        "POST", "/body", headers=MULTIPART, body=multipart("value", str(value))
    ),
}
JSON = ("rpc", "json")
TEXT = ("query", "path", "form", "multipart")


def multipart(name: str, value: str) -> bytes:
    part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--b--\r\n'
    return part.encode()


# Type, value, what JSON makes of it, what text makes of it; None where it is refused.
TABLE: list[tuple[Any, object, object, object]] = [
    (bool, True, True, True),  # as text, "True"
    (bool, "true", None, True),
    (bool, "on", None, True),
    (bool, "yes", None, None),
    (bool, "1", None, None),
    (bool, 1, None, None),
    (int, 5, 5, 5),
    (int, 5.0, 5, 5),
    (int, 5.5, None, None),
    (int, "5", None, 5),
    (int, "five", None, None),
    # A `bigint`: as text in JSON of the OpenAPI protocol too.
    (int, "12345678901234567890", 12345678901234567890, 12345678901234567890),
    (float, 5, 5.0, 5.0),
    (float, 5.5, 5.5, 5.5),
    (float, "5.5", None, 5.5),
    (float, "much", None, None),
    (str, "5", "5", "5"),
    (str, "true", "true", "true"),
    (str, 5, None, "5"),
    (int | None, "5", None, 5),
    (int | str, "5", "5", "5"),
    (Literal[1, 2], "2", None, 2),
    (Size, 1, Size.SMALL, Size.SMALL),
    (Size, "1", None, Size.SMALL),
    (Decimal, "1.50", Decimal("1.50"), Decimal("1.50")),
    (dt.date, "2026-01-02", dt.date(2026, 1, 2), dt.date(2026, 1, 2)),
    (UUID, ID, UUID(ID), UUID(ID)),
]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(("source", "value", "by_json", "by_text"), TABLE, ids=str)
async def test_a_value_is_read_as_its_source_writes_it(
    name: str, source: Any, value: object, by_json: object, by_text: object
) -> None:
    expected = by_json if name in JSON else by_text
    response = await SOURCES[name](*client_of(source), value)
    if expected is not None:
        shown = response.json()
        assert response.status == 200, response.body
        assert (shown["json"] if name == "rpc" else shown) == repr(expected)
        return
    failure = response.json()["json"] if name == "rpc" else response.json()
    assert (response.status, failure["code"]) == (400, "BAD_REQUEST")
    assert failure["data"]["issues"][0]["path"][0] == "value"


class Amount(Schema):
    amount: int


class Change(Schema):
    number: int
    amount: int
    note: str = ""


class Opening(Schema):
    kind: Literal["open"]
    number: int


class Closing(Schema):
    kind: Literal["close"]
    number: int
    amount: int


class Paging(Schema):
    page: int = 1
    tags: tuple[int, ...] = ()


class Heads(Schema):
    count: int = Field(default=0, alias="x-count")


class Whole(Schema):
    params: Amount
    query: Paging
    headers: Heads
    body: Amount


class Shop(Contract):
    change = put("/changes/{number}").input(Change).output(dict[str, Any])
    either = put("/either/{number}").input(adapt(Opening | Closing)).output(dict[str, Any])
    whole = (
        post("/whole/{amount}")
        .route(input_structure="detailed")
        .input(Whole)
        .output(dict[str, Any])
    )


shop = implement(Shop)


@shop.handler(Shop.change)
async def change(context: None, input: Change) -> dict[str, Any]:
    return input.model_dump()


@shop.handler(Shop.either)
async def either(context: None, input: Opening | Closing) -> dict[str, Any]:
    return input.model_dump()


@shop.handler(Shop.whole)
async def whole(context: None, input: Whole) -> dict[str, Any]:
    return input.model_dump()


API = ASGIClient(OpenAPIHandler(shop.router()).asgi())


async def test_only_the_path_of_a_json_request_is_text() -> None:
    response = await API.request("PUT", "/changes/7", body=b'{"amount":5.0,"note":"8"}')
    assert response.json() == {"number": 7, "amount": 5, "note": "8"}
    response = await API.request("PUT", "/changes/7", body=b'{"amount":"5"}')
    assert response.status == 400
    assert [issue["path"] for issue in response.json()["data"]["issues"]] == [["amount"]]


async def test_the_path_is_read_by_the_branch_that_the_body_chooses() -> None:
    response = await API.request("PUT", "/either/7", body=b'{"kind":"close","amount":5}')
    assert response.json() == {"kind": "close", "number": 7, "amount": 5}
    response = await API.request("PUT", "/either/7", body=b'{"kind":"close","amount":"5"}')
    assert response.status == 400


async def test_detailed_parts_are_text_but_for_a_json_body() -> None:
    target, headers = "/whole/7?page=2&tags[]=3&tags[]=4", {"x-count": "5"}
    response = await API.request("POST", target, headers=headers, body=b'{"amount":6}')
    assert response.json() == {
        "params": {"amount": 7},
        "query": {"page": 2, "tags": [3, 4]},
        "headers": {"count": 5},
        "body": {"amount": 6},
    }
    response = await API.request("POST", target, headers=headers, body=b'{"amount":"6"}')
    assert [issue["path"] for issue in response.json()["data"]["issues"]] == [["body", "amount"]]
    response = await API.request("POST", target, headers={**headers, **FORM}, body=b"amount=6")
    assert response.json()["body"] == {"amount": 6}


class Undescribed:
    def validate(self, value: object) -> Any:
        return value

    def dump(self, value: Any) -> object:
        return value

    def json_schema(
        self, mode: SchemaMode = "input", *, ref_template: str = ""
    ) -> dict[str, object]:
        raise UndescribableType(self, "none")


async def test_text_stays_text_where_nothing_says_what_it_is() -> None:
    class Plain(Contract):
        read = get("/read").input(Undescribed()).output(dict[str, Any])
        free = get("/free").input(dict[str, Any]).output(dict[str, Any])

    os = implement(Plain)

    async def show(context: None, input: dict[str, Any]) -> dict[str, Any]:
        return input

    os.handler(Plain.read)(show)
    os.handler(Plain.free)(show)
    client = ASGIClient(OpenAPIHandler(os.router()).asgi())
    for path in ("/read", "/free"):
        assert (await client.request("GET", f"{path}?a=5")).json() == {"a": "5"}


def test_members_are_coerced_alone_where_they_are_told_apart() -> None:
    coercer = Coercer.of(adapt(Change))
    value: dict[str, Any] = {"number": "7", "amount": "5", "note": "8"}
    assert coercer.coerce_members(value, ["number"]) == {**value, "number": 7}
    assert coercer.coerce_members(value, ["note"]) == value
    assert coercer.coerce_members({"more": "1"}, ["more"]) == {"more": "1"}


class Limits(Schema):
    by_number: dict[int, float] = Field(default_factory=dict)
    by_name: dict[str, float] = Field(default_factory=dict)


@pytest.mark.parametrize("names", [("1",), ("0", "2"), ("7",), ("9999", "10000"), ("01", "1")])
@pytest.mark.parametrize("field", ["byNumber", "byName"])
async def test_names_of_a_dict_may_look_like_indexes(field: str, names: tuple[str, ...]) -> None:
    class Things(Contract):
        limits = get("/limits").input(Limits).output(dict[str, float])

    os = implement(Things)

    @os.handler(Things.limits)
    async def limits(context: None, input: Limits) -> dict[str, float]:
        return input.by_name or {str(key): value for key, value in input.by_number.items()}

    query = "&".join(f"{field}[{name}]=0.5" for name in names)
    client = ASGIClient(OpenAPIHandler(os.router()).asgi())
    answer = (await client.request("GET", f"/limits?{query}")).json()
    assert answer == dict.fromkeys([str(int(n)) if field == "byNumber" else n for n in names], 0.5)
