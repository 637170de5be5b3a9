import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx2
import inngest
import pytest
from inngest._internal import net, server_lib
from starlette.types import ASGIApp

from rawr.durable.ingress import create_ingress
from rawr.durable.protocol.signing import SIGNATURE_HEADER, canonical_json, sign, verify_bytes

KEY = "signkey-test-7468697320697320612074657374206b6579"
FALLBACK = "signkey-test-deadbeef"
NOW = 1_795_353_514
CALL = json.dumps(
    {
        "ctx": {
            "attempt": 0,
            "disable_immediate_execution": False,
            "max_attempts": 5,
            "run_id": "01M81PH3JC98VA8353EHY0EFKV",
            "stack": {"current": 0, "stack": []},
        },
        "event": {"name": "app/ping", "data": {"n": 1.50}, "id": "e1", "ts": 1},
        "events": [{"name": "app/ping", "data": {"n": 1.50}, "id": "e1", "ts": 1}],
        "steps": {},
        "use_api": False,
    }
).encode()
QUERY = "fnId=app-ping&stepId=step"

calls: list[object] = []


@pytest.fixture(autouse=True)
def _no_calls_yet() -> Iterator[None]:
    calls.clear()
    yield
    calls.clear()


def build(*, is_production: bool = True, **options: Any) -> ASGIApp:
    client = inngest.Inngest(
        app_id="app",
        is_production=is_production,
        signing_key=KEY,
        event_key="test",
        api_base_url="http://engine.invalid",
        logger=logging.getLogger("test"),
    )

    @client.create_function(fn_id="ping", trigger=inngest.TriggerEvent(event="app/ping"))
    async def ping(ctx: inngest.Context) -> dict[str, object]:
        calls.append(ctx.event.data)
        return {"got": ctx.event.data["n"]}

    return create_ingress(
        client, [ping], **{"signing_keys": [KEY, FALLBACK], "now_s": lambda: NOW, **options}
    )


async def request(
    app: ASGIApp,
    method: str = "POST",
    *,
    body: bytes = CALL,
    headers: dict[str, str] | None = None,
    query: str = QUERY,
) -> httpx2.Response:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://app.test") as client:
        return await client.request(
            method, f"/api/inngest?{query}", content=body, headers=headers or {}
        )


def signed(body: bytes = CALL, *, key: str = KEY, at: int = NOW) -> dict[str, str]:
    return {SIGNATURE_HEADER: sign(body, key, now_s=at)}


def assert_refused(response: httpx2.Response) -> None:
    assert response.status_code == 403
    assert response.content == b"forbidden"
    assert response.headers["content-type"].startswith("text/plain")
    assert not [name for name in response.headers if name.startswith("x-")]
    assert calls == []


async def test_a_signed_call_runs_the_function() -> None:
    response = await request(build(), headers=signed())
    assert response.status_code == 200
    assert response.json() == {"got": 1.5}
    assert response.headers["x-inngest-sdk"].startswith("inngest-py:v")


async def test_the_answer_is_signed_with_the_key_of_the_call() -> None:
    response = await request(build(), headers=signed(key=FALLBACK))
    header = response.headers[SIGNATURE_HEADER]
    assert verify_bytes(response.content, header, [FALLBACK], now_s=NOW) == FALLBACK


async def test_a_body_that_is_canonical_already_is_accepted_as_it_stands() -> None:
    body = canonical_json(CALL)
    assert (await request(build(), body=body, headers=signed(body))).status_code == 200


async def test_what_the_sdks_own_signer_makes_is_accepted() -> None:
    header = net.sign_request(CALL, KEY, NOW)
    assert isinstance(header, str)
    response = await request(build(), headers={SIGNATURE_HEADER: header})
    assert response.status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("is_production", [True, False])
async def test_an_unsigned_request_is_refused(method: str, *, is_production: bool) -> None:
    response = await request(build(is_production=is_production), method)
    assert response.status_code == 403
    assert response.content == (b"" if method == "HEAD" else b"forbidden")
    assert calls == []


@pytest.mark.parametrize("at", [NOW - 301, NOW + 301, 0, NOW + 10**6])
async def test_an_expired_or_future_dated_request_is_refused(at: int) -> None:
    assert_refused(await request(build(), headers=signed(at=at)))


@pytest.mark.parametrize("at", [NOW - 300, NOW + 300])
async def test_the_tolerance_is_five_minutes_either_way(at: int) -> None:
    assert (await request(build(), headers=signed(at=at))).status_code == 200


@pytest.mark.parametrize(
    "header",
    ["", "t=1", f"t={NOW}&s={'0' * 64}", f"s={'0' * 64}&t={NOW}", f"t={NOW}&s=", "garbage"],
)
async def test_a_malformed_or_wrong_signature_is_refused(header: str) -> None:
    assert_refused(await request(build(), headers={SIGNATURE_HEADER: header}))


async def test_another_key_is_refused() -> None:
    assert_refused(await request(build(), headers=signed(key="abcdef")))


async def test_a_key_that_was_rotated_out_is_refused() -> None:
    app = build(signing_keys=[KEY])
    assert_refused(await request(app, headers=signed(key=FALLBACK)))


async def test_a_changed_body_is_refused() -> None:
    assert_refused(
        await request(build(), body=CALL.replace(b"app/ping", b"app/pong"), headers=signed())
    )


async def test_a_signature_for_another_body_does_not_open_the_inspection() -> None:
    assert_refused(await request(build(), "GET", body=b"", headers=signed()))


async def test_a_body_that_is_not_json_is_refused() -> None:
    header = {SIGNATURE_HEADER: f"t={NOW}&s={'0' * 64}"}
    assert_refused(await request(build(), body=b"[" * 100_000, headers=header))


async def test_two_signatures_are_refused() -> None:
    transport = httpx2.ASGITransport(build())
    async with httpx2.AsyncClient(transport=transport, base_url="http://app.test") as client:
        header = sign(CALL, KEY, now_s=NOW)
        response = await client.post(
            f"/api/inngest?{QUERY}",
            content=CALL,
            headers=[(SIGNATURE_HEADER, header), (SIGNATURE_HEADER, header)],
        )
    assert_refused(response)


async def test_without_a_key_everything_is_refused() -> None:
    assert_refused(await request(build(signing_keys=[]), headers=signed()))


@pytest.mark.parametrize("key", ["", "signkey-prod-"])
def test_an_empty_key_is_a_configuration_error(key: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        build(signing_keys=[key])


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "https://app.test"},
        {"cookie": "session=1"},
        {"referer": "https://app.test/"},
        {"sec-fetch-mode": "cors"},
        {"sec-fetch-site": "same-origin"},
        {"sec-ch-ua": "x"},
    ],
)
async def test_a_signed_request_with_browser_marks_is_refused(header: dict[str, str]) -> None:
    assert_refused(await request(build(), headers=signed() | header))


async def test_caller_labels_cannot_stand_in_for_a_signature() -> None:
    labels = {
        "x-rawr-caller-surface": "runtime-ingress",
        "authorization": f"Bearer {KEY}",
        "x-inngest-server-kind": "dev",
        "x-forwarded-for": "127.0.0.1",
    }
    assert_refused(await request(build(is_production=False), headers=labels))


async def test_an_oversized_signed_body_is_not_read() -> None:
    response = await request(build(max_body_bytes=100), headers=signed())
    assert (response.status_code, response.content) == (413, b"payload too large")
    assert calls == []


async def test_an_oversized_unsigned_body_is_just_forbidden() -> None:
    assert_refused(await request(build(max_body_bytes=100)))


async def test_an_oversized_body_of_unknown_length_is_cut_off() -> None:
    async def chunks() -> Any:
        for _ in range(10):
            yield b"x" * 50

    transport = httpx2.ASGITransport(build(max_body_bytes=100))
    async with httpx2.AsyncClient(transport=transport, base_url="http://app.test") as client:
        response = await client.post(f"/api/inngest?{QUERY}", content=chunks(), headers=signed())
    assert response.status_code == 413


async def test_a_large_body_is_verified_all_the_same() -> None:
    shape = json.loads(CALL)
    shape["event"]["data"] = shape["events"][0]["data"] = {"n": "x" * 100_000, "f": 1e-9}
    body = json.dumps(shape).encode()
    assert (await request(build(), body=body, headers=signed(body))).status_code == 200
    changed = body.replace(b"xx", b"xy", 1)
    assert (await request(build(), body=changed, headers=signed(body))).status_code == 403


async def test_a_signed_inspection_tells_about_the_app() -> None:
    response = await request(build(), "GET", body=b"", headers=signed(b""))
    assert response.status_code == 200
    shown = response.json()
    assert (shown["app_id"], shown["function_count"]) == ("app", 1)
    assert shown["authentication_succeeded"] is True


async def test_a_signed_in_band_registration_describes_the_functions() -> None:
    body = b'{"url":"https://app.example/api/inngest"}'
    headers = signed(body) | {"x-inngest-sync-kind": "in_band"}
    app = build(serve_origin="https://app.example", serve_path="/hooks/inngest")
    # The SDK checks the age of a signature by no clock, so the fixed one of the test will do.
    response = await request(app, "PUT", body=body, headers=headers, query="")
    assert response.status_code == 200
    answer = response.json()
    assert answer["url"] == "https://app.example/hooks/inngest"
    assert [function["id"] for function in answer["functions"]] == ["app-ping"]


async def test_a_signed_request_of_another_method_is_told_so() -> None:
    response = await request(build(), "DELETE", headers=signed())
    assert (response.status_code, response.text) == (405, "method not allowed")
    assert response.headers["allow"] == "GET, POST, PUT"


async def test_a_signed_probe_is_answered() -> None:
    response = await request(build(), body=b"", headers=signed(b""), query="probe=trust")
    assert response.status_code == 200


async def test_a_failing_function_answers_as_the_sdk_does() -> None:
    client = inngest.Inngest(app_id="app", is_production=False, logger=logging.getLogger("test"))

    @client.create_function(fn_id="ping", trigger=inngest.TriggerEvent(event="app/ping"))
    def ping(ctx: inngest.ContextSync) -> None:
        raise inngest.NonRetriableError("no")

    app = create_ingress(client, [ping], signing_keys=[KEY], now_s=lambda: NOW)
    response = await request(app, headers=signed())
    assert response.status_code == 500
    assert response.json()["message"] == "no"
    assert response.headers["x-inngest-no-retry"] == "true"


async def test_an_unknown_function_is_an_error_of_the_app() -> None:
    response = await request(build(), headers=signed(), query="fnId=app-gone")
    assert response.status_code == 500
    assert response.json()["code"] == server_lib.ErrorCode.FUNCTION_NOT_FOUND.value


async def test_the_reason_of_a_refusal_is_logged_and_not_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="rawr.durable.ingress"):
        assert_refused(await request(build(), headers=signed(at=NOW - 900)))
    assert "old or ahead" in caplog.text


async def test_a_streaming_app_answers_while_the_function_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INNGEST_STREAMING", "force")
    response = await request(build(), headers=signed())
    assert response.status_code == 201
    assert json.loads(response.content)["status"] == 200
    assert json.loads(json.loads(response.content)["body"]) == {"got": 1.5}


async def test_a_caller_that_leaves_early_calls_nothing() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(SIGNATURE_HEADER.encode(), sign(CALL, KEY, now_s=NOW).encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/inngest",
        "query_string": QUERY.encode(),
        "headers": headers,
    }
    await build()(scope, receive, send)
    assert sent[0]["status"] == 400
    assert calls == []


async def test_a_lifespan_is_left_to_the_host() -> None:
    async def never() -> Any:
        raise AssertionError

    async def silent(message: Any) -> None:
        raise AssertionError(message)

    await build()({"type": "lifespan"}, never, silent)


async def test_websockets_are_closed() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await build()({"type": "websocket", "path": "/api/inngest", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_dev_server_need_not_sign() -> None:
    app = build(is_production=False, takes_unsigned=True)
    response = await request(app)
    assert (response.status_code, response.json()) == (200, {"got": 1.5})
    assert SIGNATURE_HEADER not in response.headers
    inspected = await request(app, "GET", body=b"", query="")
    assert inspected.json()["mode"] == "dev"


async def test_a_page_in_a_browser_is_refused_though_nothing_is_signed() -> None:
    app = build(is_production=False, takes_unsigned=True)
    assert_refused(await request(app, headers={"sec-fetch-site": "cross-site"}))
