from collections.abc import Mapping

import pytest
from tests.unit.http.kit import openapi_client

from rawr.contract import Contract, ContractError, get, post, procedure
from rawr.http import OpenAPIHandler
from rawr.procedure import Router, implement


class Routes(Contract, prefix="/r"):
    static = get("/things/new").output(str)
    dynamic = get("/things/{id}").input(dict[str, str]).output(dict[str, str])
    deeper = get("/things/{id}/parts/{part}").input(dict[str, str]).output(dict[str, str])
    backtrack = get("/things/new/other/{x}").input(dict[str, str]).output(dict[str, str])
    rest = get("/files/{+path}").input(dict[str, str]).output(dict[str, str])
    posted = post("/things/{id}").input(dict[str, str]).output(dict[str, str])
    index = get("/").output(str)
    by_place = procedure().output(str)


def routes() -> Router[None]:
    os = implement(Routes)

    @os.handler(Routes.static)
    async def static(_context: None) -> str:
        return "static"

    @os.handler(Routes.index)
    async def index(_context: None) -> str:
        return "index"

    @os.handler(Routes.by_place)
    async def by_place(_context: None) -> str:
        return "place"

    async def reflect(_context: None, input: dict[str, str]) -> dict[str, str]:
        return input

    for contract in (Routes.dynamic, Routes.deeper, Routes.backtrack, Routes.rest, Routes.posted):
        os.handler(contract)(reflect)
    return os.router()


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("/api/r/things/new", "static"),
        ("/api/r/things/new/", "static"),
        ("/api/r", "index"),
        ("/api/r/", "index"),
        ("/api/r/things/1", {"id": "1"}),
        ("/api/r/things/1%2F2", {"id": "1/2"}),
        ("/api/r/things/%C3%BC%20+", {"id": "ü +"}),
        ("/api/r/things/%zz%41", {"id": "%zz%41"}),
        ("/api/r/things/%FF", {"id": "%FF"}),
        ("/api/r/things/new/parts/p", {"id": "new", "part": "p"}),
        ("/api/r/things/new/other/x", {"x": "x"}),
        ("/api/r/files/a/b%20c.txt", {"path": "a/b c.txt"}),
        ("/api/r/files/a//b", {"path": "a//b"}),
    ],
)
async def test_a_path_leads_to_its_procedure(target: str, answer: str | Mapping[str, str]) -> None:
    response = await openapi_client(routes()).request("GET", target)
    assert (response.status, response.json()) == (200, answer)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/api/r/things"),
        ("GET", "/api/r/things//"),
        ("GET", "/api/r/things/1/parts"),
        ("GET", "/api/r/things//parts/p"),
        ("GET", "/api/r/Things/new"),
        ("GET", "/api/r//things/new"),
        ("GET", "/api/r/files"),
        ("GET", "/api/r/files/"),
        ("PUT", "/api/r/things/1"),
        ("HEAD", "/api/r/things/1"),
        ("GET", "/r/things/new"),
        ("GET", "/apix/r/things/new"),
        ("GET", "/api/byPlace"),
    ],
)
async def test_anything_else_is_a_typed_404(method: str, target: str) -> None:
    response = await openapi_client(routes()).request(method, target)
    assert response.status == 404
    assert response.json() == {
        "defined": False,
        "code": "NOT_FOUND",
        "status": 404,
        "message": "No procedure matched",
    }


async def test_the_method_tells_procedures_of_one_path_apart() -> None:
    response = await openapi_client(routes()).request("POST", "/api/r/things/1", body=b'{"a":"b"}')
    assert response.json() == {"a": "b", "id": "1"}


async def test_without_a_path_the_place_in_the_contract_is_the_path() -> None:
    response = await openapi_client(routes()).request("POST", "/api/byPlace")
    assert response.json() == "place"


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("/a/{x}", "/a/{y}", "first and second both answer GET /a/{y}"),
        ("/a", "//a/", "first and second both answer GET /a"),
        ("/a/{+rest}/b", "/b", "takes all that follows"),
        ("/a/{x}/{x}", "/b", "uses a parameter name twice"),
    ],
)
def test_routes_that_cannot_be_served_are_refused(first: str, second: str, message: str) -> None:
    contract: type[Contract] = type(
        "Clash", (Contract,), {"first": get(first), "second": get(second)}
    )
    os = implement(contract)

    async def handler(_context: None) -> None:
        return None

    for item in contract.contract_procedures.values():
        os.handler(item)(handler)
    with pytest.raises(ContractError) as caught:
        OpenAPIHandler(os.router()).asgi()
    assert message in str(caught.value)
