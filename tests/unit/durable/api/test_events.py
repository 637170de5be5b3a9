import json
from datetime import UTC, datetime, timedelta

import pytest

from rawr.durable.api import APISettings
from rawr.durable.domain.errors import StoreFull
from rawr.durable.domain.ulid import parse_ulid
from rawr.durable.engine import Engine

from .conftest import API, EVENT_KEY, SIGNING_KEY, registration

SEED = {"x-inngest-event-id-seed": "1743130137367,eii2YKXRVTJPuA=="}
SEEDED_ID = "01JQDAE4RQF8MBCR55T5AK4KXS"


async def test_an_event_is_answered_with_its_internal_id(api: API, engine: Engine) -> None:
    response = await api.send({"name": "app/x", "data": {"n": 1}, "id": "mine"})
    (event_id,) = response.json()["ids"]
    parse_ulid(event_id)
    assert response.status_code == 200
    assert response.content == b'{"ids":["%s"],"status":200}\n' % event_id.encode()
    assert response.headers["content-type"].startswith("text/plain")
    event = await engine.get_event(event_id)
    assert event is not None
    assert (event.id, event.data) == ("mine", {"n": 1})


async def test_a_batch_is_answered_in_order(api: API, engine: Engine) -> None:
    response = await api.send([{"name": f"app/{n}"} for n in range(3)])
    ids = response.json()["ids"]
    events = [await engine.get_event(one) for one in ids]
    assert [event.name for event in events if event] == ["app/0", "app/1", "app/2"]


@pytest.mark.parametrize("body", [b"", b"[]", b"  \n"])
async def test_nothing_to_send_is_answered_with_one_empty_id(api: API, body: bytes) -> None:
    response = await api.send(body)
    assert (response.status_code, response.content) == (200, b'{"ids":[""],"status":200}\n')


async def test_a_seed_fixes_the_ids_so_that_sending_again_starts_nothing(
    api: API, engine: Engine
) -> None:
    await api.call("POST", "/fn/register", json=registration())
    body = [{"name": "app/bye"}, {"name": "app/b"}]
    first = (await api.send(body, headers=SEED)).json()["ids"]
    again = (await api.send(body, headers=SEED)).json()["ids"]
    assert first == again == [SEEDED_ID, "01JQDAE4RQF8MBCR55T5AK4KXT"]
    assert len(await engine.runs_of_event(SEEDED_ID)) == 1
    stored = [event.internal_id for event in await engine.list_events() if event.name == "app/bye"]
    assert set(stored) == {SEEDED_ID}


async def test_a_seed_that_cannot_be_read_is_passed_over(api: API) -> None:
    response = await api.send({"name": "app/x"}, headers={"x-inngest-event-id-seed": "soon"})
    assert response.status_code == 200
    parse_ulid(response.json()["ids"][0])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"data": {}}, "event name is empty"),
        ({"name": "inngest/x"}, "event name is reserved for internal use: inngest/x"),
        ({"name": "Inngest/x"}, "event name is reserved for internal use: Inngest/x"),
    ],
)
async def test_a_refused_event_says_why(api: API, body: object, error: str) -> None:
    response = await api.send(body)
    assert response.status_code == 400
    assert response.json() == {"ids": [], "status": 400, "error": error}
    assert response.content.endswith(b"\n")


@pytest.mark.parametrize("body", [b"hello", b"1", b"{", b"[1]", b'{"name":1}', b"\xff"])
async def test_what_is_no_event_is_refused(api: API, body: bytes) -> None:
    response = await api.send(body)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Request body must contain an event object")


async def test_events_before_a_refused_one_are_accepted_and_named(api: API, engine: Engine) -> None:
    response = await api.send([{"name": "app/a"}, {"name": ""}, {"name": "app/c"}], headers=SEED)
    assert response.status_code == 400
    assert response.json() == {"ids": [SEEDED_ID], "status": 400, "error": "event name is empty"}
    assert len(await engine.list_events()) == 1


FORM = {"name": "app/form", "colour": ["red", "blue"], "empty": ""}
FORM_DATA = {"name": ["app/form"], "colour": ["red", "blue"], "empty": [""]}


async def test_a_url_encoded_form_is_an_event(api: API) -> None:
    response = await api.call("POST", "/e/key", data=FORM)
    (event_id,) = response.json()["ids"]
    shown = (await api.call("GET", f"/v1/events/{event_id}")).json()["data"]
    assert (shown["name"], shown["data"]) == ("app/form", FORM_DATA)


async def test_a_multipart_form_is_an_event_without_its_files(api: API) -> None:
    files = {"attached": ("notes.txt", b"secret")}
    response = await api.call("POST", "/e/key", data={**FORM, "id": "mine"}, files=files)
    (event_id,) = response.json()["ids"]
    shown = (await api.call("GET", f"/v1/events/{event_id}")).json()["data"]
    assert (shown["id"], shown["data"]) == ("mine", {**FORM_DATA, "id": ["mine"]})


async def test_a_form_that_names_no_event_is_refused(api: API) -> None:
    response = await api.call("POST", "/e/key", data={"colour": "red"})
    assert (response.status_code, response.json()["error"]) == (400, "event name is empty")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=here", b"--there\r\n\r\nx\r\n--there--\r\n"),
        ("multipart/form-data", b"--here\r\n\r\nx\r\n--here--\r\n"),
        ("application/x-www-form-urlencoded", b"name=\xff"),
        ("application/x-www-form-urlencoded; charset=utf-8", b"a&" * 1001 + b"name=x"),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused(
    api: API, content_type: str, body: bytes
) -> None:
    headers = {"content-type": content_type}
    response = await api.call("POST", "/e/key", content=body, headers=headers)
    assert response.status_code == 400
    assert "form cannot be read" in response.json()["error"]


async def test_too_many_events_are_refused(api: API) -> None:
    response = await api.send([{"name": "a"}] * 5001)
    assert response.status_code == 400
    assert "the limit is 5000" in response.json()["error"]


async def test_a_body_beyond_the_limit_is_not_read(engine: Engine) -> None:
    small = API(engine, APISettings(max_body_bytes=50))
    async with small.client:
        response = await small.send({"name": "app/x", "data": {"long": "x" * 100}})
    assert response.status_code == 413
    assert response.json()["ids"] == []


async def test_an_engine_that_cannot_store_says_so(
    api: API, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> list[str]:
        raise StoreFull

    monkeypatch.setattr(engine, "send", fail)
    response = await api.send({"name": "app/x"})
    assert response.status_code == 507
    assert "disk" in response.json()["error"]


async def test_any_key_may_send_in_dev(api: API) -> None:
    response = await api.call("POST", "/e/NO_EVENT_KEY_SET", json={"name": "app/x"})
    assert response.status_code == 200


async def test_an_unknown_event_key_is_refused_in_cloud(cloud: API) -> None:
    response = await cloud.call("POST", "/e/wrong", json={"name": "app/x"})
    assert response.status_code == 401
    assert response.json() == {"status": 401, "message": "", "error": "Event key not found"}


@pytest.mark.parametrize("key", [EVENT_KEY, "other"])
async def test_a_known_event_key_may_send_in_cloud(cloud: API, key: str) -> None:
    response = await cloud.call("POST", f"/e/{key}", json={"name": "app/x"})
    assert response.status_code == 200


async def test_without_event_keys_nobody_may_send_in_cloud(engine: Engine) -> None:
    api = API(engine, APISettings(kind="cloud", signing_keys=[SIGNING_KEY]))
    async with api.client:
        response = await api.send({"name": "app/x"})
    assert response.status_code == 503


@pytest.mark.parametrize("body", [b"[]", b'{"data":[]}', b"{", b"\xff"])
async def test_an_invocation_that_is_no_event_is_refused(api: API, body: bytes) -> None:
    await api.call("POST", "/fn/register", json=registration())
    response = await api.call("POST", "/invoke/app-hello", content=body)
    assert response.status_code == 400


async def test_an_unknown_function_cannot_be_invoked(api: API) -> None:
    response = await api.call("POST", "/invoke/app-gone", json={"data": {}})
    assert response.status_code == 404
    assert response.json()["error"] == "could not find function with ID: app-gone"


async def test_events_are_listed_newest_first_and_paged(api: API) -> None:
    ids = [(await api.send({"name": f"app/{n}"})).json()["ids"][0] for n in range(3)]
    page = (await api.call("GET", "/v1/events?limit=2")).json()
    assert [one["internal_id"] for one in page["data"]] == [ids[2], ids[1]]
    rest = (await api.call("GET", f"/v1/events?cursor={ids[1]}")).json()
    assert [one["internal_id"] for one in rest["data"]] == [ids[0]]
    assert page["metadata"]["fetched_at"].endswith("Z")


async def test_events_are_found_by_name_and_time(api: API) -> None:
    await api.send({"name": "app/a"})
    await api.send({"name": "app/b"})
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")

    async def names(query: str) -> list[str]:
        response = await api.call("GET", f"/v1/events?{query}")
        return [one["name"] for one in response.json()["data"]]

    assert await names("name=app/a") == ["app/a"]
    assert await names(f"received_after={soon}") == []
    assert await names(f"received_before={soon}") == ["app/b", "app/a"]


async def test_an_event_is_shown_by_its_internal_id(api: API) -> None:
    sent = {"name": "app/x", "data": {"n": 1}, "id": "mine", "ts": 1_700_000_000_000, "v": "2"}
    event_id = (await api.send(sent)).json()["ids"][0]
    shown = (await api.call("GET", f"/v1/events/{event_id}")).json()["data"]
    assert shown.pop("received_at").endswith("Z")
    assert shown == {
        "internal_id": event_id,
        "account_id": "00000000-0000-4000-a000-000000000000",
        "environment_id": "00000000-0000-4000-a000-000000000000",
        "source": "",
        "source_id": None,
        **sent,
    }


@pytest.mark.parametrize("path", ["", "/runs"])
async def test_an_unknown_event_is_not_found(api: API, path: str) -> None:
    response = await api.call("GET", f"/v1/events/{SEEDED_ID}{path}")
    assert response.status_code == 404
    assert response.json()["error"] == "No event has this id"


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=ten", "limit=\u0663", "received_after=soon"]
)
async def test_a_query_that_makes_no_sense_is_refused(api: API, query: str) -> None:
    response = await api.call("GET", f"/v1/events?{query}")
    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"


async def test_non_ascii_keys_are_compared_not_crashed_on(cloud: API) -> None:
    response = await cloud.call("POST", "/e/\u00e9", content=json.dumps({"name": "x"}).encode())
    assert response.status_code == 401
