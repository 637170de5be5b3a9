"""Signed calls of the ingress: keys that rotate, clocks that differ, copies of a call."""

import anyio
import pytest

from packages.invoicing.errors import RunRef
from rawr.durable.protocol.signing import SIGNATURE_HEADER, TOLERANCE_S, verify_bytes
from tests.acceptance.boundary import probes
from tests.acceptance.boundary.callers import FUNCTION, Callers, engine_call, signature
from tests.acceptance.boundary.world import FALLBACK_KEY, SIGNING_KEY, World

pytestmark = pytest.mark.acceptance

RETIRED_KEY = "signkey-prod-dead"


async def status(callers: Callers, run_id: str) -> str:
    return (await callers.service.workflows().get_run_status(RunRef(run_id=run_id))).status


@pytest.mark.parametrize("key", [SIGNING_KEY, FALLBACK_KEY], ids=["current", "rotated"])
async def test_a_call_signed_with_a_key_in_force_is_executed(callers: Callers, key: str) -> None:
    run_id = await probes.registered(callers.service)
    body = engine_call(run_id)
    response = await callers.anybody.fetch(
        "POST", FUNCTION, content=body, headers=signature(body, key)
    )
    assert response.status_code == 206, response.text
    assert await status(callers, run_id) == "reconciling"


@pytest.mark.parametrize("key", [SIGNING_KEY, FALLBACK_KEY], ids=["current", "rotated"])
async def test_the_answer_is_signed_with_the_key_of_the_call(callers: Callers, key: str) -> None:
    body = engine_call(await probes.registered(callers.service))
    response = await callers.anybody.fetch(
        "POST", FUNCTION, content=body, headers=signature(body, key)
    )
    signed = response.headers[SIGNATURE_HEADER]
    moment = int(signed.partition("=")[2].partition("&")[0])
    assert verify_bytes(response.content, signed, [key], now_s=moment) == key


@pytest.mark.parametrize(
    ("key", "age_seconds"),
    [
        pytest.param(RETIRED_KEY, 0, id="retired"),
        pytest.param(SIGNING_KEY, TOLERANCE_S + 5, id="expired"),
        pytest.param(SIGNING_KEY, -TOLERANCE_S - 5, id="future"),
        pytest.param(FALLBACK_KEY, TOLERANCE_S + 5, id="rotated and expired"),
        pytest.param(SIGNING_KEY, 10**9, id="of another age"),
    ],
)
async def test_a_call_signed_otherwise_is_refused(
    callers: Callers, key: str, age_seconds: int
) -> None:
    run_id = await probes.registered(callers.service)
    body = engine_call(run_id)
    headers = signature(body, key, age_seconds=age_seconds)
    probes.assert_plain_refusal(
        await callers.anybody.fetch("POST", FUNCTION, content=body, headers=headers)
    )
    assert await status(callers, run_id) == "queued"


@pytest.mark.parametrize("age_seconds", [TOLERANCE_S - 5, -TOLERANCE_S + 5])
async def test_clocks_may_differ_within_the_window(callers: Callers, age_seconds: int) -> None:
    run_id = await probes.registered(callers.service)
    body = engine_call(run_id)
    headers = signature(body, age_seconds=age_seconds)
    response = await callers.anybody.fetch("POST", FUNCTION, content=body, headers=headers)
    assert response.status_code == 206


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        "s=00",
        "t=&s=",
        "t=abc&s=" + "0" * 64,
        "t=-1&s=" + "0" * 64,
        "t=99999999999999999999&s=" + "0" * 64,
        "t=1&s=" + "g" * 64,
        "t=1&s=" + "0" * 63,
        "t=1&t=2&s=" + "0" * 64,
        "T=1&S=" + "0" * 64,
    ],
)
async def test_a_malformed_signature_is_refused_like_any_other(
    callers: Callers, header: str
) -> None:
    body = engine_call(await probes.registered(callers.service))
    response = await callers.anybody.fetch(
        "POST", FUNCTION, content=body, headers={SIGNATURE_HEADER: header}
    )
    probes.assert_plain_refusal(response)


async def test_two_signatures_are_none(world: World, callers: Callers) -> None:
    body = engine_call(await probes.registered(callers.service))
    good = signature(body)[SIGNATURE_HEADER]
    for pair in ((good, "t=1&s=00"), ("t=1&s=00", good), (good, good)):
        response = await callers.anybody.http.post(
            FUNCTION, content=body, headers=[(SIGNATURE_HEADER, value) for value in pair]
        )
        probes.assert_plain_refusal(response)


async def test_a_call_sent_twice_at_once_reconciles_once(callers: Callers) -> None:
    """An engine may repeat a call whose answer it lost; the second finds the work done."""
    run_id = await probes.registered(callers.service)
    body = engine_call(run_id)
    statuses: list[int] = []

    async def call() -> None:
        sent = await callers.anybody.fetch("POST", FUNCTION, content=body, headers=signature(body))
        statuses.append(sent.status_code)

    async with anyio.create_task_group() as calls:
        for _ in range(4):
            calls.start_soon(call)
    assert statuses == [206] * 4
    timeline = await callers.service.workflows().get_run_timeline(RunRef(run_id=run_id))
    assert [event.status for event in timeline.events] == ["queued", "reconciling"]
