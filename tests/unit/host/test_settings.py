from pathlib import Path

import pytest

from rawr.host import Settings, SettingsError


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_environment(tmp_path, mode="development", environ=environ)


def test_data_lies_under_the_hq_by_default(tmp_path: Path) -> None:
    assert read(tmp_path).data_dir == tmp_path.resolve() / ".rawr"


def test_the_environment_moves_port_and_data(tmp_path: Path) -> None:
    settings = read(tmp_path, RAWR_PORT="4100", RAWR_DATA_DIR=str(tmp_path / "elsewhere"))
    assert settings.base_url == "http://127.0.0.1:4100"
    assert settings.data_dir == (tmp_path / "elsewhere").resolve()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAWR_PORT", "http"),
        ("RAWR_PORT", "70000"),
        ("RAWR_PORT", "-1"),
        ("RAWR_PORT", "\u0663"),
        ("RAWR_INTERNAL_ONLY", "maybe"),
        ("RAWR_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("RAWR_TRUSTED_CIDRS", "localhost"),
        ("RAWR_MAX_BODY_BYTES", "1"),
        ("RAWR_APP_ID", "acme hq"),
        ("RAWR_APP_ID", "-"),
        ("RAWR_APP_ID", "a" * 64),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(tmp_path, **{name: value})


def test_development_never_listens_beyond_loopback(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="rawr serve"):
        read(tmp_path, RAWR_HOST="0.0.0.0")


def test_keys_are_not_shown(tmp_path: Path) -> None:
    settings = read(tmp_path, INNGEST_SIGNING_KEY="signkey-prod-5eed", RAWR_SERVICE_TOKEN="t" * 40)
    assert "5eed" not in repr(settings)
    assert "tttt" not in repr(settings)


def test_production_needs_no_service_token_by_itself(tmp_path: Path) -> None:
    settings = Settings.from_environment(tmp_path, mode="production", environ={})
    assert settings.service_token is None


def test_a_short_service_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="32"):
        read(tmp_path, RAWR_SERVICE_TOKEN="secret")


@pytest.mark.parametrize(
    ("text", "enforced"), [("1", True), ("true", True), ("Yes", True), ("0", False), ("", False)]
)
def test_the_network_guard_is_set_in_any_usual_spelling(
    tmp_path: Path, text: str, enforced: bool
) -> None:
    assert read(tmp_path, RAWR_INTERNAL_ONLY=text).internal_only is enforced


STRONG = "0123456789abcdef0123456789abcdef"
ELSEWHERE = {"RAWR_HOST": "0.0.0.0", "RAWR_PUBLIC_URL": "https://hq.example"}


def produce(tmp_path: Path, **environ: str) -> Settings:
    known = {"RAWR_SERVICE_TOKEN": STRONG, **environ}
    return Settings.from_environment(tmp_path, mode="production", environ=known)


def test_sound_production_settings_are_taken(tmp_path: Path) -> None:
    assert produce(tmp_path).host == "127.0.0.1"
    key = f"signkey-prod-{STRONG * 2}"
    assert produce(tmp_path, INNGEST_SIGNING_KEY=key).signing_key == key
    assert produce(tmp_path, **ELSEWHERE).public_url == "https://hq.example"
    assert produce(tmp_path, RAWR_PUBLIC_URL="http://localhost:3000").is_public_url_safe


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"RAWR_SERVICE_TOKEN": "t" * 40}, "RAWR_SERVICE_TOKEN can be guessed"),
        ({"INNGEST_SIGNING_KEY": "signkey-prod-0123abcd"}, "INNGEST_SIGNING_KEY can be"),
        ({"INNGEST_SIGNING_KEY": "signkey-prod-" + "0" * 64}, "INNGEST_SIGNING_KEY can be"),
        ({"INNGEST_SIGNING_KEY_FALLBACK": "secret"}, "INNGEST_SIGNING_KEY_FALLBACK can be"),
        ({"RAWR_HOST": "0.0.0.0"}, "RAWR_PUBLIC_URL"),
        ({"RAWR_PUBLIC_URL": "http://hq.example"}, "use https://"),
        ({"RAWR_TRUSTED_PROXIES": "0.0.0.0/0"}, "RAWR_TRUSTED_PROXIES"),
        ({"RAWR_TRUSTED_PROXIES": "10.0.0.0/8,::/0"}, "RAWR_TRUSTED_PROXIES"),
        ({"RAWR_TRUSTED_CIDRS": "0.0.0.0/0", "RAWR_INTERNAL_ONLY": "1"}, "RAWR_TRUSTED_CIDRS"),
    ],
    ids=str,
)
def test_production_refuses_what_is_unsafe_and_names_it(
    tmp_path: Path, environ: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=named):
        produce(tmp_path, **environ)


@pytest.mark.parametrize(
    "url",
    [
        "hq.example",
        "https://hq.example/",
        "https://hq.example/hq",
        "https://hq.example:443",
        "https://ada@hq.example",
        "https://HQ.example",
        "https://hq.example:port",
        "ftp://hq.example",
        "https://",
        "https://[::1",
    ],
)
def test_a_public_url_is_an_origin(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="RAWR_PUBLIC_URL"):
        produce(tmp_path, RAWR_PUBLIC_URL=url)


@pytest.mark.parametrize("name", ["RAWR_BODY_SECONDS", "RAWR_MAX_CONCURRENCY"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "1e3"])
def test_a_limit_is_a_positive_number(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(tmp_path, **{name: value})


@pytest.mark.parametrize("value", ["-1", "many", "1e3"])
def test_a_rate_is_a_number(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match="RAWR_RATE_LIMIT"):
        read(tmp_path, RAWR_RATE_LIMIT=value)


def test_there_is_a_rate_limit_unless_it_is_turned_off(tmp_path: Path) -> None:
    assert read(tmp_path).rate_limit == 6000
    assert read(tmp_path, RAWR_RATE_LIMIT="60").rate_limit == 60
    assert read(tmp_path, RAWR_RATE_LIMIT="0").rate_limit is None
