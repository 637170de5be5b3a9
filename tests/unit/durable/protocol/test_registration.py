"""Registrations, as both SDKs send them."""

import json
from datetime import timedelta
from typing import Any

import inngest
import pytest
from inngest._internal import comm_lib

from rawr.durable.domain.errors import RegistrationRejected
from rawr.durable.domain.function import (
    Batch,
    CancelOn,
    Concurrency,
    CronTrigger,
    Debounce,
    EventTrigger,
    RateLimit,
    Singleton,
    Throttle,
    Timeouts,
)
from rawr.durable.protocol.registration import parse_registration

STEPS = {
    "step": {
        "id": "step",
        "name": "step",
        "runtime": {"type": "http", "url": "http://app.test/api/inngest?fnId=app-fn&stepId=step"},
    }
}


def body(*functions: dict[str, Any], **top: Any) -> bytes:
    shape = {"appname": "app", "url": "http://app.test/api/inngest", "functions": functions}
    return json.dumps({**shape, **top}).encode()


def parse_one(**fields: Any) -> Any:
    function = {"id": "app-fn", "name": "fn", "triggers": [], "steps": STEPS, **fields}
    return parse_registration(body(function)).functions[0]


def test_every_setting_of_the_typescript_sdk() -> None:
    config = parse_one(
        triggers=[
            {"event": "ts/cfg", "expression": "event.data.n > 1"},
            {"cron": "TZ=Europe/Paris 0 0 1 1 *", "jitter": "30s"},
        ],
        idempotency="event.data.id",
        rateLimit={"limit": 5, "period": "1m"},
        throttle={"limit": 1, "period": "5s", "burst": 2, "key": "event.data.k"},
        concurrency=[{"limit": 2, "key": "event.data.k", "scope": "env"}],
        debounce={"period": "2s", "timeout": "10s"},
        priority={"run": "event.data.p"},
        timeouts={"start": "10s", "finish": "20s"},
        singleton={"key": "event.data.k", "mode": "skip"},
        cancel=[{"event": "ts/cancel", "timeout": "1h", "if": "async.data.id == event.data.id"}],
    )

    assert config.triggers == (
        EventTrigger(event="ts/cfg", expression="event.data.n > 1"),
        CronTrigger(cron="TZ=Europe/Paris 0 0 1 1 *", jitter_ms=30_000),
    )
    assert config.idempotency == "event.data.id"
    assert config.rate_limit == RateLimit(limit=5, period_ms=60_000)
    assert config.throttle == Throttle(limit=1, period_ms=5_000, burst=2, key="event.data.k")
    assert config.concurrency == (Concurrency(limit=2, key="event.data.k", scope="env"),)
    assert config.debounce == Debounce(period_ms=2_000, timeout_ms=10_000)
    assert config.priority == "event.data.p"
    assert config.timeouts == Timeouts(start_ms=10_000, finish_ms=20_000)
    assert config.singleton == Singleton(mode="skip", key="event.data.k")
    assert config.cancel_on == (
        CancelOn(
            event="ts/cancel", expression="async.data.id == event.data.id", timeout_ms=3_600_000
        ),
    )


def test_the_python_sdks_own_serialisation() -> None:
    client = inngest.Inngest(app_id="cap", is_production=False)

    async def on_failure(ctx: inngest.Context) -> None: ...

    @client.create_function(
        fn_id="batch",
        batch_events=inngest.Batch(max_size=3, timeout=timedelta(seconds=2)),
        retries=1,
        on_failure=on_failure,
        trigger=inngest.TriggerEvent(event="cap/batch"),
    )
    async def function(ctx: inngest.Context) -> None: ...

    configs = comm_lib.get_function_configs("http://app.test/x", {function.id: function})
    assert not isinstance(configs, Exception)
    app = parse_registration(body(*[config.to_dict() for config in configs]))  # type: ignore[arg-type]  # plain dicts

    main, failure = app.functions
    assert main.id == "cap-batch"
    assert main.batch == Batch(max_size=3, timeout_ms=2_000)
    assert (main.retries, main.max_attempts) == (1, 2)
    assert failure.retries == 0
    assert failure.triggers == (
        EventTrigger(
            event="inngest/function.failed",
            expression="event.data.function_id == 'cap-batch'",
        ),
    )


def test_outer_keys_may_have_any_case() -> None:
    shape = {"appName": "app", "URL": "http://app.test", "Functions": [], "deployType": "ping"}
    assert parse_registration(json.dumps(shape).encode()).id == "app"


def test_retries_default_to_four() -> None:
    assert parse_one().retries == 4


@pytest.mark.parametrize(
    ("wire", "steps", "runs"),
    [
        (3, (Concurrency(limit=3),), None),
        ({"limit": 3}, (Concurrency(limit=3),), None),
        (
            {"step": [{"limit": 2}], "fn": [{"limit": 1}]},
            (Concurrency(limit=2),),
            Concurrency(limit=1),
        ),
        (None, (), None),
        ([], (), None),
        ([{"limit": 0}, {"limit": 2}], (Concurrency(limit=2),), None),
        ({"limit": 0, "scope": "env"}, (), None),
    ],
)
def test_the_forms_of_concurrency(wire: Any, steps: Any, runs: Any) -> None:
    config = parse_one(concurrency=wire)
    assert config.concurrency == steps
    assert config.run_concurrency == runs


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": ""}, "id is empty"),
        ({"steps": {}}, "names no runtime"),
        ({"steps": {"step": {"runtime": {"url": "ftp://x"}}}}, "not http or https"),
        ({"triggers": [{}]}, "either an event or a cron"),
        ({"triggers": [{"event": "a"}, {"event": "a"}]}, "the same"),
        ({"triggers": [{"event": str(n)} for n in range(11)]}, "limit is 10"),
        ({"triggers": [{"event": "e" * 256}]}, "255"),
        ({"concurrency": [{"limit": 1}] * 3}, "at most 2"),
        ({"concurrency": [{"limit": -1}]}, "at least 1"),
        ({"concurrency": [{"limit": 1, "scope": "env"}]}, "needs a key"),
        ({"concurrency": "many"}, "concurrency"),
        ({"cancel": [{"event": "a"}] * 6}, "limit is 5"),
        ({"rateLimit": {"limit": 1, "period": "25h"}}, "too long"),
        ({"rateLimit": {"limit": 0, "period": "1m"}}, "at least 1"),
        ({"throttle": {"limit": 1, "period": "soon"}}, "not a duration"),
        ({"debounce": {"period": "8d"}}, "too long"),
        ({"batchEvents": {"maxSize": 2}, "debounce": {"period": "1s"}}, "combo_unsupported"),
        ({"singleton": {"mode": "maybe"}}, "mode"),
    ],
)
def test_an_invalid_setting_is_named(fields: Any, message: str) -> None:
    with pytest.raises(RegistrationRejected, match=message):
        parse_one(**fields)


@pytest.mark.parametrize("retries", [-1, 21])
def test_retries_are_bounded(retries: int) -> None:
    steps = {"step": {**STEPS["step"], "retries": {"attempts": retries}}}
    with pytest.raises(RegistrationRejected, match="between 0 and 20"):
        parse_one(steps=steps)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"appname":"","url":"x","functions":[]}'])
def test_a_body_that_is_no_registration_is_refused(raw: bytes) -> None:
    with pytest.raises(RegistrationRejected):
        parse_registration(raw)


def test_two_functions_with_one_id_are_refused() -> None:
    function = {"id": "app-fn", "steps": STEPS}
    with pytest.raises(RegistrationRejected, match="two functions"):
        parse_registration(body(function, function))


@pytest.mark.parametrize(
    ("sdk", "is_denied"),
    [
        ("js:v3.21.9", False),
        ("js:v3.22.0", True),
        ("inngest-js:v3.53.1", True),
        ("js:v3.40.0-beta.1", True),
        ("js:v3.53.2", False),
        ("js:v4.24.0", False),
        ("py:v3.30.0", False),
        ("js:next", False),
    ],
)
def test_releases_with_a_known_vulnerability_are_refused(sdk: str, *, is_denied: bool) -> None:
    if is_denied:
        with pytest.raises(RegistrationRejected, match="sdk_version_denied: inngest 3"):
            parse_registration(body(sdk=sdk))
    else:
        assert parse_registration(body(sdk=sdk)).sdk == sdk
