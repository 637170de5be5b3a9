import httpx2
import pytest

from rawr.durable.api import APISettings, create_engine_api
from rawr.durable.engine import Engine
from rawr.durable.protocol.signing import SigningKeyError, hash_signing_key

from .conftest import API, SIGNING_KEY, registration

RUN = "01JQDAE4RQF8MBCR55T5AK4KXS"
GUARDED = [
    ("POST", "/fn/register"),
    ("DELETE", "/fn/remove?url=x"),
    ("GET", f"/v0/runs/{RUN}/batch"),
    ("GET", f"/v0/runs/{RUN}/actions"),
    ("DELETE", f"/v0/runs/{RUN}"),
    ("GET", f"/v1/runs/{RUN}"),
    ("DELETE", f"/v1/runs/{RUN}"),
    ("GET", "/v1/events"),
    ("GET", f"/v1/events/{RUN}"),
    ("GET", f"/v1/events/{RUN}/runs"),
    ("POST", "/invoke/app-hello"),
    ("POST", "/v1/signals"),
    ("POST", f"/v1/checkpoint/{RUN}/async"),
    ("POST", f"/v1/http/runs/{RUN}/async"),
    ("POST", "/v0/gql"),
    ("POST", "/v0/connect/start"),
    ("GET", f"/v1/runs/{RUN}/jobs"),
    ("GET", "/v1/apps"),
    ("GET", "/v1/apps/app/functions"),
    ("GET", "/v1/cancellations"),
    ("POST", "/v1/cancellations"),
    ("DELETE", "/v1/cancellations/x"),
    ("GET", "/metrics"),
    ("GET", "/v1/prom/test"),
]
GUARDED_IN_SECOND = [
    ("GET", "/v2/health"),
    ("GET", "/v2/runs"),
    ("GET", f"/v2/runs/{RUN}"),
    ("GET", f"/v2/runs/{RUN}/trace"),
    ("POST", f"/v2/runs/{RUN}/cancel"),
    ("POST", f"/v2/runs/{RUN}/rerun"),
    ("GET", "/v2/events"),
    ("GET", f"/v2/events/{RUN}/runs"),
    ("GET", "/v2/apps"),
    ("GET", "/v2/apps/app/functions"),
    ("POST", "/v2/apps/app/sync"),
    ("POST", "/v2/apps/app/functions/hello/invoke"),
    ("POST", "/v2/apps/app/functions/hello/pause"),
    ("POST", "/v2/apps/app/functions/hello/resume"),
    ("POST", "/v2/replays"),
    ("GET", "/api/v2/functions"),
]


async def test_health(api: API, cloud: API) -> None:
    for client in (api, cloud):
        response = await client.call("GET", "/health")
        assert (response.status_code, response.json()) == (200, {"status": 200, "message": "OK"})


async def test_an_engine_in_dev_describes_itself(api: API) -> None:
    await api.call("POST", "/fn/register", json=registration())
    shown = (await api.call("GET", "/dev")).json()
    assert [function["slug"] for function in shown["functions"]] == ["app-hello"]
    assert shown["functions"][0]["triggers"] == [
        {"event": "app/hello", "expression": "event.data.n > 1"},
        {"event": "app/bye"},
        {"cron": "TZ=Europe/Paris 0 9 * * 1"},
    ]
    (handler,) = shown["handlers"]
    assert handler["url"] == "http://app.test/api/inngest"
    assert (handler["sdkLanguage"], handler["sdkVersion"]) == ("py", "0.5.19")
    assert handler["functions"] == ["app-hello"]


async def test_an_engine_in_cloud_does_not(cloud: API) -> None:
    assert (await cloud.call("GET", "/dev")).status_code == 404


async def test_the_readiness_probe_of_sdk_suites_is_answered(api: API) -> None:
    assert (await api.call("POST", "/v0/connect/start")).status_code == 200


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/e/key", 405),
        ("POST", "/fn/register", 400),
        ("OPTIONS", "/e/key", 200),
    ],
)
async def test_every_answer_names_the_kind_of_server(
    api: API, method: str, url: str, status: int
) -> None:
    preflight = {"origin": "http://page.test", "access-control-request-method": "POST"}
    headers = preflight if method == "OPTIONS" else {}
    response = await api.call(method, url, headers=headers)
    assert response.status_code == status
    assert response.headers.get_list("x-inngest-server-kind") == ["dev"]


async def test_cross_origin_pages_are_welcome_in_dev_only(api: API, cloud: API) -> None:
    origin = {"origin": "http://page.test"}
    allowed = await api.call("GET", "/health", headers=origin)
    assert allowed.headers["access-control-allow-origin"] == "*"
    refused = await cloud.call("GET", "/health", headers=origin)
    assert "access-control-allow-origin" not in refused.headers
    assert refused.headers["x-inngest-server-kind"] == "cloud"


@pytest.mark.parametrize(("method", "url"), GUARDED)
async def test_a_signing_key_is_asked_for_in_cloud(cloud: API, method: str, url: str) -> None:
    for header in (None, "Bearer", "Bearer undefined", "Bearer deadbeef"):
        headers = {} if header is None else {"authorization": header}
        response = await cloud.call(method, url, headers=headers)
        assert response.status_code == 401
        assert response.json() == {
            "code": "authentication_failed",
            "error": "Authentication failed",
            "data": None,
            "status": 401,
        }


@pytest.mark.parametrize(("method", "url"), GUARDED_IN_SECOND)
async def test_a_signing_key_is_asked_for_by_the_second_api(
    cloud: API, method: str, url: str
) -> None:
    response = await cloud.call(method, url)
    assert response.status_code == 401
    expected = {"code": "authentication_failed", "message": "Authentication failed"}
    assert response.json() == {"errors": [expected]}


@pytest.mark.parametrize(("method", "url"), [*GUARDED, *GUARDED_IN_SECOND])
async def test_a_signing_key_opens_every_route(cloud: API, method: str, url: str) -> None:
    for token in (SIGNING_KEY, hash_signing_key(SIGNING_KEY)):
        response = await cloud.call(method, url, headers={"authorization": f"Bearer {token}"})
        assert response.status_code != 401


async def test_a_key_that_is_configured_is_asked_for_in_dev_too(engine: Engine) -> None:
    api = API(engine, APISettings(signing_keys=[SIGNING_KEY]))
    async with api.client:
        assert (await api.call("GET", "/v1/events")).status_code == 401
        assert (await api.send({"name": "app/x"})).status_code == 200


def test_cloud_without_a_signing_key_is_a_configuration_error() -> None:
    with pytest.raises(ValueError, match="needs a signing key"):
        APISettings(kind="cloud")


def test_a_signing_key_that_is_not_hex_is_a_configuration_error() -> None:
    with pytest.raises(SigningKeyError, match="hex"):
        APISettings(signing_keys=["not hex"])


async def test_an_unknown_path_and_method_are_answered_in_the_common_shape(api: API) -> None:
    missing = await api.call("GET", "/nowhere")
    assert missing.json() == {"error": "Not Found", "data": None, "status": 404}
    other = await api.call("PATCH", "/fn/register")
    assert (other.status_code, other.headers["allow"]) == (405, "POST")


async def test_a_defect_is_answered_without_its_details(
    api: API, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(engine, "list_events", fail)
    response = await api.call("GET", "/v1/events")
    assert response.status_code == 500
    assert response.json()["error"] == "internal error"
    assert response.headers["x-inngest-server-kind"] == "dev"


async def test_a_defect_on_the_short_way_is_answered_alike_and_raised(
    api: API, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(engine, "send", fail)
    answers = [
        await api.send({"name": "a"}, headers=headers)
        for headers in ({}, {"origin": "http://page.test"})
    ]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert answers[0].content == answers[1].content
    assert answers[0].headers["x-inngest-server-kind"] == "dev"
    app = create_engine_api(engine)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        with pytest.raises(RuntimeError, match="secret"):
            await client.post("http://engine.test/e/key", json={"name": "a"})


async def test_a_page_may_send_events_in_dev(api: API) -> None:
    response = await api.send({"name": "a"}, headers={"origin": "http://page.test"})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"


async def test_errors_on_the_short_way_have_the_common_shape(api: API) -> None:
    answers = [
        await api.call("POST", "/v1/checkpoint/nowhere/async", json={"steps": []}, headers=headers)
        for headers in ({}, {"origin": "http://page.test"})
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


async def test_a_large_body_is_refused_in_the_common_shape(engine: Engine) -> None:
    api = API(engine, APISettings(max_body_bytes=10))
    async with api.client:
        response = await api.call("POST", "/fn/register", json=registration())
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
