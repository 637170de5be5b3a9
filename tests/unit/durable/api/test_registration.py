import json

import httpx2
import pytest

from rawr.durable.api import SyncFailed, request_sync
from rawr.durable.engine import Engine
from rawr.durable.protocol.signing import SIGNATURE_HEADER, hash_signing_key, verify

from .conftest import API, SIGNING_KEY, registration


async def test_a_registration_is_answered_with_its_ids(api: API, engine: Engine) -> None:
    response = await api.call("POST", "/fn/register", json=registration())
    answer = response.json()
    assert response.status_code == 200
    assert (answer["ok"], answer["modified"]) == (True, True)
    assert set(answer) == {"ok", "modified", "sync_id", "app_id"}
    assert [function.id for function in engine.functions()] == ["app-hello"]


async def test_the_same_registration_again_is_not_modified(api: API) -> None:
    first = (await api.call("POST", "/fn/register", json=registration())).json()
    again = (await api.call("POST", "/fn/register?deployId=1", json=registration())).json()
    assert "modified" not in again
    assert again["app_id"] == first["app_id"]


async def test_keys_in_the_case_of_the_typescript_sdk_are_accepted(api: API) -> None:
    shape = registration()
    shape["appName"] = shape.pop("appname")
    response = await api.call("POST", "/fn/register", json=shape)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "cannot be read"),
        (b"[]", "must be a JSON object"),
        (b'{"appname":"","url":"x","functions":[]}', "names no app"),
        (
            json.dumps(registration()).replace("event.data.n > 1", "event.data.n >").encode(),
            "expression",
        ),
    ],
)
async def test_an_invalid_registration_is_refused(api: API, body: bytes, said: str) -> None:
    response = await api.call("POST", "/fn/register", content=body)
    answer = response.json()
    assert response.status_code == 400
    assert (answer["data"], answer["status"]) == (None, 400)
    assert said in answer["error"]


async def test_an_app_that_expects_another_kind_of_server_is_told(api: API, cloud: API) -> None:
    expected = {"x-inngest-expected-server-kind": "cloud"}
    response = await api.call("POST", "/fn/register", json=registration(), headers=expected)
    assert response.status_code == 400
    assert response.json() == {"error": "Expected server kind cloud, got dev"}
    authorized = {"authorization": f"Bearer {hash_signing_key(SIGNING_KEY)}"}
    response = await cloud.call(
        "POST", "/fn/register", json=registration(), headers=expected | authorized
    )
    assert response.status_code == 200


@pytest.mark.parametrize("header", ["Bearer undefined", "Bearer", ""])
async def test_an_empty_authorization_does_not_matter_in_dev(api: API, header: str) -> None:
    response = await api.call(
        "POST", "/fn/register", json=registration(), headers={"authorization": header}
    )
    assert response.status_code == 200


async def test_a_removed_app_has_no_functions_left(api: API, engine: Engine) -> None:
    await api.call("POST", "/fn/register", json=registration())
    await api.call("POST", "/fn/register", json=registration("other", "http://other.test/"))
    response = await api.call("DELETE", "/fn/remove?url=http://app.test/api/inngest")
    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert [function.id for function in engine.functions()] == ["other-hello"]


@pytest.mark.parametrize(("query", "status"), [("", 400), ("?url=http://gone.test/", 404)])
async def test_removing_nothing_is_an_error(api: API, query: str, status: int) -> None:
    assert (await api.call("DELETE", f"/fn/remove{query}")).status_code == status


async def test_a_sync_is_a_signed_put_with_the_url() -> None:
    seen: list[httpx2.Request] = []

    def app(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={"ok": True})

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(app)) as client:
        await request_sync(
            "http://app.test/api/inngest",
            client=client,
            kind="cloud",
            signing_key=SIGNING_KEY,
            now_s=lambda: 1_795_353_514.9,
        )
    (request,) = seen
    assert request.method == "PUT"
    assert json.loads(request.content) == {"url": "http://app.test/api/inngest"}
    assert request.headers["x-inngest-server-kind"] == "cloud"
    header = request.headers[SIGNATURE_HEADER]
    assert verify(request.content, header, [SIGNING_KEY], now_s=1_795_353_514) == SIGNING_KEY


async def test_an_app_that_refuses_to_sync_is_an_error() -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(403, text="forbidden"))
    async with httpx2.AsyncClient(transport=transport) as client:
        with pytest.raises(SyncFailed, match=r"refused to register \(403\): forbidden"):
            await request_sync("http://app.test/", client=client)


async def test_an_app_that_cannot_be_reached_is_an_error() -> None:
    def down(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route", request=request)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(down)) as client:
        with pytest.raises(SyncFailed, match="cannot be reached"):
            await request_sync("http://app.test/", client=client)
