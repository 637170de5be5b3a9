"""OpenAPILink against a real @orpc/openapi 1.16.1 server."""

import datetime as dt
from collections.abc import AsyncIterator

import pytest
from tests.wire.node_server import (
    Due,
    Fixtures,
    Forbidden,
    Kind,
    Number,
    Payment,
    Planets,
    node_server,
)

from rawr.client import OpenAPILink, create_client
from rawr.contract import (
    Contract,
    ORPCError,
    get,
    post,
    procedure,
)
from rawr.schema import UNDEFINED, File, Schema, Url
from rawr.wire import EncodeError

__all__ = ["node_server"]

pytestmark = pytest.mark.node

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
async def api(node_server: str) -> AsyncIterator[Fixtures]:
    async with OpenAPILink(f"{node_server}/api") as link:
        yield create_client(Fixtures, link)


@pytest.fixture
def planets(api: Fixtures) -> Planets:
    return api.planet


class PlanetQuery(Schema):
    id: str
    tags: list[str]


class Planet(PlanetQuery):
    seen: dt.datetime
    big: int
    set: set[int]


class TypedPlanets(Contract):
    find = get("/planets/{id}").input(PlanetQuery).output(Planet)


async def test_schemas_bring_back_the_types_json_lost(node_server: str) -> None:
    async with OpenAPILink(f"{node_server}/api") as link:
        planet = await create_client(TypedPlanets, link).find(PlanetQuery(id="1", tags=["a", "b"]))
    assert planet == Planet(id="1", tags=["a", "b"], seen=EPOCH, big=2**64, set={1})


async def test_get_puts_fields_into_path_and_query(planets: Planets) -> None:
    sent = {"id": "a b/ü?#", "tags": ["x&y", "z"], "deep": {"a": "b=c"}, "a~b c": "1"}
    answer = await planets.find(sent)
    assert {name: answer[name] for name in sent} == sent


async def test_a_rest_parameter_keeps_its_slashes(planets: Planets) -> None:
    assert await planets.rest({"path": "a/b c.txt"}) == {"path": "a/b c.txt"}


async def test_other_methods_put_the_rest_into_the_body(planets: Planets) -> None:
    answer = await planets.update({"id": 7, "name": "x", "n": 1.5})
    assert answer == {"input": {"id": "string:7", "name": "string:x", "n": "number:1.5"}}


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ({"d": EPOCH}, {"d": "string:1970-01-01T00:00:00.000Z"}),
        ({"n": 2**64}, {"n": "string:18446744073709551616"}),
        ({"s": {1}}, {"s": ["number:1"]}),
        ({"m": {1: 2}}, {"m": [["number:1", "number:2"]]}),
        ({"u": Url("https://x.y/")}, {"u": "string:https://x.y/"}),
        ({"x": None, "y": UNDEFINED}, {"x": "null"}),
        ([1, "a"], ["number:1", "string:a"]),
        ("text", "string:text"),
        (True, "boolean:true"),
    ],
)
async def test_bodies_are_plain_json(planets: Planets, sent: object, seen: object) -> None:
    answer = await planets.create(sent)
    assert answer == {"input": seen, "type": "application/json"}


async def test_files_turn_the_body_into_a_form(planets: Planets) -> None:
    answer = await planets.create(
        {"f": File(b"x", "text/plain", "n.txt"), "deep": [{"n": 1}], "yes": True}
    )
    assert answer["input"] == {
        "f": "file:n.txt:text/plain:1",
        "deep": [{"n": "string:1"}],
        "yes": "string:true",
    }


async def test_a_file_alone_is_the_body(planets: Planets) -> None:
    answer = await planets.create(File(b"x", "text/csv", "n.csv"))
    assert answer == {"input": "file:n.csv:text/csv:1", "type": "text/csv"}


async def test_an_answer_may_be_a_file(planets: Planets) -> None:
    assert await planets.file() == File(b"abc", "text/plain", "a b.txt")


async def test_files_go_both_ways(api: Fixtures) -> None:
    answer = await api.file(File(b"hello", "text/plain", 'a "b".txt'))
    assert answer == File(b"HELLO", "text/plain", 're-a "b".txt')


async def test_nested_files_come_back_in_a_form(api: Fixtures) -> None:
    answer = await api.nested_file({"f": [File(b"x", "image/png", "é.png")]})
    assert answer["files"] == [File(b"abc", "text/plain", 'n é".txt')]
    assert answer["got"] == {"f": ["file:é.png:image/png:1"]}


async def test_an_empty_answer_is_none(planets: Planets) -> None:
    assert await planets.empty({"id": 1}) is None


async def test_a_detailed_procedure_gets_and_gives_all_parts(planets: Planets) -> None:
    answer = await planets.detailed(
        {
            "params": {"id": 1},
            "query": {"q": [1, 2], "deep": {"a": "b"}},
            "headers": {"X-Token": "t"},
            "body": {"b": EPOCH},
        }
    )
    assert answer["status"] == 202
    assert answer["headers"]["x-answer"] == "yes"
    assert answer["body"] == {
        "params": {"id": "1"},
        "query": {"q": ["1", "2"], "deep": {"a": "b"}},
        "token": "t",
        "body": {"b": "1970-01-01T00:00:00.000Z"},
    }


async def test_a_declared_redirect_is_an_output(planets: Planets) -> None:
    answer = await planets.moved()
    assert (answer["status"], answer["headers"]["location"]) == (307, "/elsewhere")


class OnlyBody(Schema):
    body: dict[str, object]


class Detailed(Contract):
    detailed = (
        post("/detailed/{id}")
        .route(input_structure="detailed", output_structure="detailed")
        .input(dict[str, object])
        .output(OnlyBody)
    )


async def test_a_detailed_output_may_declare_only_what_it_needs(node_server: str) -> None:
    async with OpenAPILink(f"{node_server}/api") as link:
        answer = await create_client(Detailed, link).detailed({"params": {"id": "7"}})
    assert answer.body["params"] == {"id": "7"}


async def test_a_missing_path_parameter_is_refused_before_sending(planets: Planets) -> None:
    with pytest.raises(EncodeError, match=r"planet\.update: the path /planets/\{id\} needs"):
        await planets.update({"name": "x"})


async def test_paths_follow_from_the_contract_where_none_is_given(api: Fixtures) -> None:
    assert (await api.inspect())["url"] == "/api/inspect"


async def test_errors_come_as_the_contracts_classes(api: Fixtures) -> None:
    with pytest.raises(Payment) as caught:
        await api.orpc_error("defined")
    assert caught.value.data == Due(amt=1, due=EPOCH)
    with pytest.raises(Forbidden, match="not you"):
        await api.orpc_error("no-data")


async def test_other_errors_stay_orpc_errors(api: Fixtures) -> None:
    with pytest.raises(ORPCError) as caught:
        await api.orpc_error("custom")
    assert (caught.value.code, caught.value.data) == ("CUSTOM", {"d": "1970-01-01T00:00:00.000Z"})


async def test_validation_errors_carry_issues(api: Fixtures) -> None:
    with pytest.raises(ORPCError) as caught:
        await api.validate({"n": "x"})
    assert caught.value.data["issues"][0]["path"] == ["n"]


async def test_streams_give_typed_items_and_the_result(api: Fixtures) -> None:
    async with await api.stream(Kind(kind="plain")) as events:
        items = [item async for item in events]
    assert items == [Number(n=1), Number(n=2)]
    assert events.result == {"total": "3"}


async def test_streams_may_end_with_a_declared_error(api: Fixtures) -> None:
    events = await api.stream(Kind(kind="typed-error"))
    with pytest.raises(Payment) as caught:
        [item async for item in events]
    assert caught.value.data.amt == 7


async def test_a_stream_without_result_just_ends(api: Fixtures) -> None:
    events = await api.stream(Kind(kind="empty"))
    assert [item async for item in events] == []
    assert events.result is UNDEFINED


class Teapot(Contract):
    teapot = procedure().output(str)


async def test_a_servers_own_error_form_can_be_read(node_server: str) -> None:
    def decode(body: object, status: int, headers: object) -> ORPCError[object] | None:
        assert isinstance(body, dict)
        return ORPCError("TEAPOT", status=status, data=body["error"])

    async with OpenAPILink(f"{node_server}/raw/teapot", error_decoder=decode) as link:
        with pytest.raises(ORPCError) as caught:
            await create_client(Teapot, link).teapot()
    assert (caught.value.code, caught.value.status, caught.value.data) == ("TEAPOT", 418, "x")
