import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rawr.cli import main
from rawr.host import API, WORKFLOWS

HQ = Path(__file__).parents[3] / "hq"
TRIGGER = "/api/workflows/invoicing/reconciliation/trigger"


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["openapi", *map(str, arguments)])
    return result.exit_code, result.output


def run_apart(*arguments: str | Path) -> tuple[int, str]:
    """In a process of its own: a manifest is imported once."""
    command = [sys.executable, "-c", "from rawr.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    code, output = run(HQ)
    assert code == 0
    made: dict[str, Any] = json.loads(output)
    return made


@pytest.fixture
def older(document: dict[str, Any], tmp_path: Path) -> Path:
    """A document committed before a field became required and a procedure was published."""
    old = json.loads(json.dumps(document))
    schema = old["components"]["schemas"]["StartInvoiceProcessing"]
    schema["required"].remove("invoiceId")
    del old["paths"][TRIGGER]
    file = tmp_path / "older.json"
    file.write_text(json.dumps(old))
    return file


def test_the_document_of_the_reference_hq_is_committed(document: dict[str, Any]) -> None:
    assert json.loads((HQ / "openapi.json").read_text()) == document
    assert run(HQ, "--check") == (
        0,
        f"{HQ}/openapi.json is up to date: {len(document['paths'])} operations\n",
    )


def test_it_has_the_routes_of_third_parties_and_no_others(document: dict[str, Any]) -> None:
    assert all(path.startswith((f"{API}/", f"{WORKFLOWS}/")) for path in document["paths"])


def test_internal_procedures_are_not_in_it(tmp_path: Path) -> None:
    copy = tmp_path / "hq"
    shutil.copytree(HQ, copy, ignore=shutil.ignore_patterns(".rawr", "__pycache__"))
    contract = copy / "packages/invoicing/workflows/contract.py"
    contract.write_text(contract.read_text().replace("publish=True", "publish=False"))
    code, text = run_apart("openapi", copy)
    assert code == 0
    assert list(json.loads(text)["paths"])
    assert WORKFLOWS not in text
    assert "triggerReconciliation" not in text


def test_it_is_written_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    code, output = run(HQ, "-o", file)
    assert (code, output) == (0, f"{file}: 7 operations\n")
    assert file.read_bytes() == (HQ / "openapi.json").read_bytes()


def test_the_folder_may_follow_the_option() -> None:
    assert run("--check", HQ) == run(HQ, "--check")


def test_drift_is_told_breaking_changes_first(older: Path) -> None:
    code, output = run(HQ, "--check", older)
    lines = output.splitlines()
    assert code == 1
    assert lines[0] == f"{older} is out of date: 1 breaking change, 1 compatible one"
    assert lines[1] == "breaking:"
    assert lines[2] == (
        "  POST /api/orpc/invoicing/processing/start (invoicing.startInvoiceProcessing): "
        "request body invoiceId: the field is required now"
    )
    assert lines[3] == "compatible:"
    assert lines[4] == f"  POST {TRIGGER} (invoicingTriggerReconciliation): operation: it is new"
    assert lines[5] == f"if that is meant: rawr openapi {HQ} -o {older}"


def test_compatible_drift_passes_where_only_breaking_changes_count(
    document: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "older.json"
    paths = {path: item for path, item in document["paths"].items() if path != TRIGGER}
    file.write_text(json.dumps({**document, "paths": paths}))
    assert run(HQ, "--check", file)[0] == 1
    assert run(HQ, "--check", file, "--fail-on", "breaking")[0] == 0


def test_breaking_drift_fails_in_either_way(older: Path) -> None:
    assert run(HQ, "--check", older, "--fail-on", "breaking")[0] == 1


def test_layout_is_no_drift(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "compact.json"
    file.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True))
    assert run(HQ, "--check", file)[0] == 0


def test_programs_read_the_same_as_json(older: Path) -> None:
    code, output = run(HQ, "--check", older, "--format", "json")
    report = json.loads(output)
    assert code == 1
    assert (report["format"], report["current"]) == (1, False)
    assert report["breaking"] == [
        {
            "kind": "field-required",
            "operation": "POST /api/orpc/invoicing/processing/start",
            "operation_id": "invoicing.startInvoiceProcessing",
            "where": "request body invoiceId",
            "reason": "the field is required now",
        }
    ]
    assert [item["kind"] for item in report["compatible"]] == ["operation-added"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "No such file"),
        ("{", "is no JSON"),
        ("[]", "is no OpenAPI document"),
        ('{"openapi": "3.1.1"}', "is no OpenAPI document"),
    ],
)
def test_what_cannot_be_compared_is_said_and_how_to_mend_it(
    text: str | None, problem: str, tmp_path: Path
) -> None:
    file = tmp_path / "openapi.json"
    if text is not None:
        file.write_text(text)
    code, output = run(HQ, "--check", file)
    assert code == 2
    assert problem in output
    assert f"rawr openapi {HQ} -o {file}" in output


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    code, output = run(HQ, "-o", tmp_path / "no" / "openapi.json")
    assert code == 1
    assert "cannot write" in output


def test_a_new_hq_has_its_document_and_a_capability_says_how_to_update_it(tmp_path: Path) -> None:
    hq = tmp_path / "hq"
    assert run_apart("init", "acme", "--directory", hq)[0] == 0
    assert run_apart("openapi", hq, "--check")[0] == 0
    _, said = run_apart("new", "capability", "shipping", hq)
    assert f"rawr openapi {hq} -o {hq}/openapi.json" in said
    assert run_apart("openapi", hq, "--check", "--fail-on", "breaking")[0] == 0
    assert run_apart("openapi", hq, "--check")[0] == 1
    assert run_apart("openapi", hq, "-o", hq / "openapi.json")[0] == 0
    assert run_apart("openapi", hq, "--check")[0] == 0
