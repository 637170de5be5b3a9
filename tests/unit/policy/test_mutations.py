"""The reference HQ is clean, and every rule fires when the HQ is changed against it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.policy.kit import Case, check, marked, places, write
from tests.unit.policy.test_rules import CASES

HQ = Path(__file__).parents[3] / "hq"
CONTRACT = "packages/invoicing/workflows/contract.py"
API_CONTRACT = "plugins/api/invoicing/contract.py"


@pytest.fixture
def hq(tmp_path: Path) -> Path:
    """A copy of the reference HQ, to be spoiled."""
    root = tmp_path / "hq"
    ignored = shutil.ignore_patterns("__pycache__", ".*", "node_modules")
    shutil.copytree(HQ, root, ignore=ignored)
    return root


def rawr_check(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command in a process of its own, since it imports the HQ."""
    command = [sys.executable, "-c", "from rawr.cli import main; main()", "check"]
    done = subprocess.run(
        [*command, "--format", "json", *arguments], capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def replace_once(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{file} has {text.count(old)} of {old!r}"
    file.write_text(text.replace(old, new))


def line_of(file: Path, start: str) -> int:
    lines = file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(start))


def test_the_reference_hq_is_clean_with_its_manifest() -> None:
    code, report = rawr_check(str(HQ))
    assert report["violations"] == []
    assert code == 0
    assert report["summary"]["manifest"] == "checked"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mutation_fires_its_rule_alone(case: Case, hq: Path) -> None:
    write(hq, case.refused)
    assert places(check(hq)) == {(case.rule_id, marked(hq, case))}


def mutated(hq: Path, path: str, old: str, new: str) -> set[tuple[str, str, int]]:
    """What the whole command finds after one replacement in the sources."""
    replace_once(hq / path, old, new)
    code, report = rawr_check(str(hq))
    assert code == 1
    return {(item["rule"], item["path"], item["line"]) for item in report["violations"]}


def test_a_workflow_contract_under_another_prefix_fires_rule_13(hq: Path) -> None:
    found = mutated(hq, CONTRACT, 'prefix="/invoicing"', 'prefix="/run"')
    trigger = line_of(hq / CONTRACT, "    trigger_reconciliation =")
    assert {rule for rule, _, _ in found} == {"RAWR013"}
    assert ("RAWR013", CONTRACT, trigger) in found


def test_an_output_that_is_anything_fires_rule_43(hq: Path) -> None:
    found = mutated(
        hq, CONTRACT, "    status: RunState\n    is_terminal", "    status: object\n    is_terminal"
    )
    read = line_of(hq / CONTRACT, "    get_run_status =")
    assert found == {("RAWR043", CONTRACT, read)}


def test_procedures_without_errors_fire_rule_67(hq: Path) -> None:
    found = mutated(hq, API_CONTRACT, "    errors=[Unauthorized, Forbidden],\n", "")
    start = line_of(hq / API_CONTRACT, "    start_invoice_processing =")
    assert found == {("RAWR067", API_CONTRACT, start)}


def test_a_capability_under_another_name_fires_rule_72(hq: Path) -> None:
    replace_once(hq / "rawr_hq.py", "    invoicing: Invoicing", "    billing: Invoicing")
    found = mutated(hq, "rawr_hq.py", '    "invoicing",', '    "billing",')
    assert ("RAWR072", "rawr_hq.py", 1) in found


def test_a_plugin_that_is_not_composed_fires_rule_61(hq: Path) -> None:
    surface = "from rawr.composition import define_api_surface\n"
    own = "own = lambda: define_api_surface(contract=None)\n"
    init = {"plugins/api/billing/__init__.py": surface + own}
    write(hq, init)
    _, report = rawr_check(str(hq))
    found = {(item["rule"], item["path"]) for item in report["violations"]}
    assert found == {("RAWR061", "plugins/api/billing/__init__.py")}


def test_a_manifest_that_cannot_be_imported_is_a_violation(hq: Path) -> None:
    (hq / "rawr_hq.py").write_text("manifest = 1 / 0\n")
    code, report = rawr_check(str(hq))
    (violation,) = report["violations"]
    assert code == 1
    assert (violation["rule"], violation["path"]) == ("RAWR904", "rawr_hq.py")
    assert "division by zero" in violation["message"]
    assert report["summary"]["manifest"] == "not checked"
