"""Which server the official variables mean, and what is refused at the start."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from rawr.host import InngestSettings, Settings, SettingsError
from rawr.host._settings import Mode

KEY = "signkey-prod-" + "0123456789abcdef" * 2
CLOUD = {
    "RAWR_ENGINE": "inngest",
    "INNGEST_BASE_URL": "https://inngest.example",
    "INNGEST_EVENT_KEY": "an-event-key",
    "INNGEST_SIGNING_KEY": KEY,
    "INNGEST_SERVE_ORIGIN": "https://hq.example",
}


def read(
    tmp_path: Path, environ: Mapping[str, str] = MappingProxyType({}), *, is_production: bool = True
) -> Settings:
    mode: Mode = "production" if is_production else "development"
    return Settings.from_environment(tmp_path, mode=mode, environ=environ)


def inngest(**environ: str) -> InngestSettings:
    return InngestSettings.from_environment(environ)


def test_the_engine_is_inside_unless_another_is_named(tmp_path: Path) -> None:
    assert read(tmp_path).engine == "embedded"
    assert read(tmp_path, CLOUD).engine == "inngest"


@pytest.mark.parametrize(
    ("environ", "api", "events"),
    [
        ({}, "https://api.inngest.com", "https://inn.gs"),
        ({"INNGEST_DEV": "0"}, "https://api.inngest.com", "https://inn.gs"),
        ({"INNGEST_DEV": "1"}, "http://127.0.0.1:8288", "http://127.0.0.1:8288"),
        ({"INNGEST_DEV": "localhost:9"}, "http://localhost:9", "http://localhost:9"),
        ({"INNGEST_DEV": "http://[::1]:9/"}, "http://[::1]:9", "http://[::1]:9"),
        ({"INNGEST_BASE_URL": "i.example"}, "https://i.example", "https://i.example"),
        (
            {"INNGEST_DEV": "http://localhost:1", "INNGEST_BASE_URL": "http://localhost:2"},
            "http://localhost:2",
            "http://localhost:2",
        ),
        (
            {"INNGEST_BASE_URL": "https://i.example", "INNGEST_API_BASE_URL": "https://a.example"},
            "https://a.example",
            "https://i.example",
        ),
        (
            {"INNGEST_EVENT_API_BASE_URL": "e.example"},
            "https://api.inngest.com",
            "https://e.example",
        ),
    ],
)
def test_the_server_is_where_the_official_sdks_find_it(
    environ: dict[str, str], api: str, events: str
) -> None:
    settings = inngest(**environ)
    assert (settings.api_url, settings.event_url) == (api, events)


@pytest.mark.parametrize(
    ("text", "is_dev"),
    [("1", True), ("true", True), ("http://localhost:8288", True), ("0", False), ("False", False)],
)
def test_a_dev_server_is_meant_by_any_true_text(text: str, *, is_dev: bool) -> None:
    assert inngest(INNGEST_DEV=text).is_dev is is_dev


def test_the_event_key_is_not_shown(tmp_path: Path) -> None:
    assert "an-event-key" not in repr(read(tmp_path, CLOUD))


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"RAWR_ENGINE": "temporal"}, "RAWR_ENGINE=temporal: choose embedded or inngest"),
        ({"INNGEST_EVENT_KEY": ""}, "INNGEST_EVENT_KEY is missing"),
        ({"INNGEST_SIGNING_KEY": ""}, "INNGEST_SIGNING_KEY is missing"),
        ({"INNGEST_SIGNING_KEY": "signkey-prod-" + "not hex 01" * 4}, "INNGEST_SIGNING_KEY: "),
        ({"INNGEST_SIGNING_KEY_FALLBACK": KEY + "0"}, "INNGEST_SIGNING_KEY_FALLBACK: "),
        ({"INNGEST_DEV": "1"}, "INNGEST_DEV=1: a dev server asks for no keys"),
        ({"INNGEST_BASE_URL": "http://inngest.example"}, "use https://"),
        ({"INNGEST_BASE_URL": "https://inngest.example/api"}, "INNGEST_BASE_URL=.*write only"),
        ({"INNGEST_EVENT_API_BASE_URL": "https://"}, "INNGEST_EVENT_API_BASE_URL=.*write only"),
        ({"INNGEST_API_BASE_URL": "ftp://a.example"}, "INNGEST_API_BASE_URL=.*write only"),
        ({"INNGEST_SERVE_ORIGIN": "hq.example"}, "INNGEST_SERVE_ORIGIN=hq.example: write only"),
        ({"INNGEST_SERVE_ORIGIN": "http://hq.example"}, "INNGEST_SERVE_ORIGIN=.*use https://"),
        ({"INNGEST_SERVE_ORIGIN": "http://127.0.0.1:3000"}, "set INNGEST_SERVE_ORIGIN to the"),
        ({"INNGEST_SERVE_ORIGIN": ""}, "set INNGEST_SERVE_ORIGIN to the"),
        ({"RAWR_KEEP_DAYS": "7"}, "RAWR_KEEP_DAYS=7 is for the engine inside"),
        ({"RAWR_MAX_STEPS": "5000"}, "RAWR_MAX_STEPS"),
        ({"RAWR_WAIT_LOOKBACK_SECONDS": "60"}, "RAWR_WAIT_LOOKBACK_SECONDS"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_and_named(
    tmp_path: Path, environ: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        read(tmp_path, CLOUD | environ)


def test_the_variables_of_a_server_do_not_matter_to_the_engine_inside(tmp_path: Path) -> None:
    wrong = {"INNGEST_BASE_URL": "ftp://nowhere/else", "INNGEST_DEV": "1"}
    assert read(tmp_path, wrong).engine == "embedded"


@pytest.mark.parametrize("is_production", [True, False])
def test_a_server_on_this_machine_needs_no_tls_and_no_origin(
    tmp_path: Path, *, is_production: bool
) -> None:
    here = CLOUD | {"INNGEST_BASE_URL": "http://127.0.0.1:8288", "INNGEST_SERVE_ORIGIN": ""}
    assert read(tmp_path, here, is_production=is_production).serve_origin == "http://127.0.0.1:3000"


def test_the_server_calls_where_browsers_do_unless_told_otherwise(tmp_path: Path) -> None:
    public = CLOUD | {"RAWR_PUBLIC_URL": "https://www.example"}
    assert read(tmp_path, public).serve_origin == "https://hq.example"
    assert (
        read(tmp_path, public | {"INNGEST_SERVE_ORIGIN": ""}).serve_origin == "https://www.example"
    )


def test_a_dev_server_needs_no_keys_and_is_on_this_machine(tmp_path: Path) -> None:
    dev = {"RAWR_ENGINE": "inngest", "INNGEST_DEV": "1"}
    assert read(tmp_path, dev, is_production=False).signing_keys == ()
    elsewhere = dev | {
        "INNGEST_DEV": "http://10.0.0.1:8288",
        "INNGEST_SERVE_ORIGIN": "http://10.0.0.2:3000",
    }
    with pytest.raises(SettingsError, match="is another machine"):
        read(tmp_path, elsewhere, is_production=False)
