"""The three forms of a report."""

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.unit.policy.kit import SMALL_HQ, check, write

from rawr.policy import META_RULES, RULES, Report, to_json, to_sarif, to_text

PATH = "packages/invoicing/service/extra.py"
TEXT = "import starlette\nimport uvicorn  # rawr: allow RAWR023 -- only its logging format\n"
SARIF_SHAPE = json.loads((Path(__file__).parent / "sarif_shape.json").read_text())


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return check(write(tmp_path, {**SMALL_HQ, PATH: TEXT}))


@pytest.fixture
def clean(tmp_path: Path) -> Report:
    return check(write(tmp_path, SMALL_HQ))


def test_text_groups_by_rule_and_says_what_to_do(report: Report) -> None:
    lines = to_text(report).splitlines()
    assert lines[0] == "RAWR023 Packages are transport-neutral"
    assert lines[1].startswith("    because ")
    assert lines[2] == f"  {PATH}:1:1: a package imports starlette"
    assert lines[3].startswith("    fix: ")
    assert f"waived RAWR023 {PATH}:2:1: only its logging format" in lines
    assert lines[-1] == f"1 violation, 1 waiver, {len(RULES)} rules, 2 files: not clean"


def test_text_says_that_all_is_well(clean: Report) -> None:
    assert to_text(clean).endswith(f"0 violations, 0 waivers, {len(RULES)} rules, 1 file: clean")


def test_text_carries_no_control_characters(tmp_path: Path) -> None:
    text = "HQ = 'http://localhost/\x1b[31m\\x07'\n"
    shown = to_text(check(write(tmp_path, {**SMALL_HQ, PATH: text})))
    assert "\x1b" not in shown
    assert "\\x1b" in shown


def test_json_follows_its_schema(report: Report, clean: Report) -> None:
    schema = json.loads(files("rawr.policy").joinpath("report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for item in (report, clean):
        jsonschema.validate(json.loads(to_json(item)), schema)


def test_json_counts_and_lists(report: Report) -> None:
    document = json.loads(to_json(report))
    assert document["clean"] is False
    assert document["summary"]["violations"] == 1
    (violation,) = document["violations"]
    assert (violation["rule"], violation["path"], violation["line"]) == ("RAWR023", PATH, 1)
    (waived,) = document["waived"]
    assert waived["reason"] == "only its logging format"


def sarif(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(to_sarif(report, version="1.2.3"))
    return document


def test_sarif_has_the_shape_of_2_1_0(report: Report, clean: Report) -> None:
    jsonschema.validate(sarif(report), SARIF_SHAPE)
    jsonschema.validate(sarif(clean), SARIF_SHAPE)


def test_sarif_results_point_to_their_rules(report: Report) -> None:
    (run,) = sarif(report)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in (*RULES, *META_RULES)]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_shows_waived_violations_as_suppressed(report: Report) -> None:
    (run,) = sarif(report)["runs"]
    open_result, waived = run["results"]
    assert "suppressions" not in open_result
    assert waived["suppressions"] == [
        {"kind": "inSource", "justification": "only its logging format"}
    ]


def test_names_that_are_not_unicode_are_written(tmp_path: Path) -> None:
    write(tmp_path, {**SMALL_HQ, PATH: ""})
    odd = os.fsencode(tmp_path / PATH).replace(b"extra", b"\xff")
    Path(os.fsdecode(odd)).write_text("import starlette\n")
    report = check(tmp_path)
    to_text(report).encode()
    assert "%FF.py" in to_sarif(report, version="1.2.3")
    assert json.loads(to_json(report))["violations"]


def test_sarif_escapes_paths(tmp_path: Path) -> None:
    path = "packages/invoicing/service/a b#c.py"
    (run,) = sarif(check(write(tmp_path, {**SMALL_HQ, path: "import starlette\n"})))["runs"]
    (result,) = run["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "packages/invoicing/service/a%20b%23c.py"
