"""Values that make no sense are refused by the option that was given them."""

import pytest
from click.testing import CliRunner

from rawr.cli import main


@pytest.mark.parametrize("value", ["x", "", "nan", "inf", "-1", "1e300", "-inf"])
@pytest.mark.parametrize("option", ["--keep", "--retry-interval", "--wait-lookback"])
def test_a_duration_of_an_engine_is_a_number_that_can_be(option: str, value: str) -> None:
    result = CliRunner().invoke(main, ["engine", option, value])
    assert result.exit_code == 2
    assert f"Invalid value for '{option}': {value!r} is not a number from 0 to " in result.output


@pytest.mark.parametrize("value", ["0", "nan", "1e300"])
def test_an_interval_is_one(value: str) -> None:
    result = CliRunner().invoke(main, ["runs", "tail", "--interval", value])
    assert result.exit_code == 2
    assert f"{value!r} is not a number from 0.01 to 3600" in result.output


@pytest.mark.parametrize("value", ["", "garbage", "//host", "ftp://host", "http://", "http://a:x"])
@pytest.mark.parametrize(("command", "option"), [(["engine"], "-u"), (["functions"], "--url")])
def test_an_address_is_one(command: list[str], option: str, value: str) -> None:
    result = CliRunner().invoke(main, [*command, option, value])
    assert result.exit_code == 2
    assert f"{value!r} is not an address such as http://127.0.0.1:8000" in result.output
