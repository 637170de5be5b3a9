"""`rawr check`: exit codes and options. What rules find is tested in tests/unit/policy."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rawr.cli import main

HQ = Path(__file__).parents[3] / "hq"


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    (tmp_path / "rawr_hq.py").write_text("manifest = object()\n")
    service = tmp_path / "packages" / "invoicing" / "service"
    service.mkdir(parents=True)
    (service / "extra.py").write_text("import starlette\n")
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_a_clean_hq_exits_with_0() -> None:
    result = check(str(HQ))
    assert result.exit_code == 0, result.output
    assert result.output.endswith("clean\n")


def test_a_violation_exits_with_1(spoiled: Path) -> None:
    result = check(str(spoiled), "--no-manifest")
    assert result.exit_code == 1
    assert "packages/invoicing/service/extra.py:1:1" in result.output


def test_only_the_named_rules_run(spoiled: Path) -> None:
    result = check(str(spoiled), "--no-manifest", "--rule", "RAWR016", "--rule", "rawr026")
    assert result.exit_code == 0
    assert "2 rules" in result.output


@pytest.mark.parametrize("arguments", [("--rule", "RAWR999"), ("--format", "xml")])
def test_wrong_usage_exits_with_2(arguments: tuple[str, str], spoiled: Path) -> None:
    assert check(str(spoiled), *arguments).exit_code == 2


def test_a_folder_without_an_hq_exits_with_2(tmp_path: Path) -> None:
    result = check(str(tmp_path))
    assert result.exit_code == 2
    assert "rawr_hq.py" in result.output


def test_json_and_sarif_are_written(spoiled: Path) -> None:
    written = json.loads(check(str(spoiled), "--no-manifest", "--format", "json").output)
    assert written["summary"]["violations"] == 1
    sarif = json.loads(check(str(spoiled), "--no-manifest", "--format", "sarif").output)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "RAWR023"


def test_without_a_manifest_nothing_of_the_hq_is_imported(tmp_path: Path) -> None:
    (tmp_path / "rawr_hq.py").write_text("manifest = 1 / 0\n")
    assert check(str(tmp_path), "--no-manifest").exit_code == 0
