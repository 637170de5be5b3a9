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


def test_production_needs_a_way_in(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RAWR_SERVICE_TOKEN"):
        Settings.from_environment(tmp_path, mode="production", environ={})


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
