"""`pytest --rawr-check=PATH` adds a test per rule."""

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.policy.kit import SMALL_HQ, write

from rawr.policy import META_RULES, RULES

HQ = Path(__file__).parents[3] / "hq"
TESTS = len(RULES) + len(META_RULES)


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "rawr.policy.pytest_plugin"]
    (folder / "pytest.ini").write_text("[pytest]\n")
    own = ["-p", "no:cacheprovider", "-c", str(folder / "pytest.ini")]
    return subprocess.run(
        [*command, *own, *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_clean_hq_passes_every_rule(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, f"--rawr-check={HQ}")
    assert done.returncode == 0, done.stdout
    assert f"{TESTS} passed" in done.stdout


def test_a_violated_rule_fails_its_test_and_says_where(tmp_path: Path) -> None:
    path = "packages/invoicing/service/extra.py"
    root = write(tmp_path / "hq", {**SMALL_HQ, path: "import starlette\n"})
    done = pytest_in(tmp_path, f"--rawr-check={root}")
    assert done.returncode == 1
    assert f"{path}:1:1: a package imports starlette" in done.stdout
    assert "RAWR023" in done.stdout
    assert "Traceback" not in done.stdout


def test_rules_are_chosen_by_name(tmp_path: Path) -> None:
    root = write(tmp_path / "hq", SMALL_HQ)
    done = pytest_in(tmp_path, f"--rawr-check={root}", "-k", "RAWR023")
    assert done.returncode == 0, done.stdout
    assert f"1 passed, {TESTS - 1} deselected" in done.stdout


def test_a_folder_that_cannot_be_checked_fails_with_the_reason(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, f"--rawr-check={tmp_path}", "-k", "RAWR023")
    assert done.returncode == 1
    assert "rawr_hq.py" in done.stdout


def test_without_the_option_nothing_is_added(tmp_path: Path) -> None:
    done = pytest_in(tmp_path)
    assert "no tests ran" in done.stdout
