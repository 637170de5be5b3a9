"""`make audit` never calls safe what was not asked; tested without a network."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CLEAN_NODE = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 7}}}


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("rawr_audit", ROOT / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "rawr_audit", module)
    spec.loader.exec_module(module)
    installed = tmp_path / "bin" / "pip-audit"
    installed.parent.mkdir()
    installed.touch()
    monkeypatch.setattr(module, "TOOLS", tmp_path)
    return module


def done(report: Any = None, *, code: int = 0, error: str = "") -> subprocess.CompletedProcess[str]:
    text = report if isinstance(report, str) else json.dumps(report)
    return subprocess.CompletedProcess([], code, "" if report is None else text, error)


def package(name: str, *flaws: str, skipped: str | None = None) -> dict[str, Any]:
    if skipped is not None:
        return {"name": name, "skip_reason": skipped}
    vulns = [{"id": flaw, "fix_versions": ["2.0"]} for flaw in flaws]
    return {"name": name, "version": "1.0", "vulns": vulns}


class Tools:
    """What stands for pip-audit and npm: answers by what is asked, and remembers it."""

    def __init__(self, python: Callable[[str], Any], node: Any = CLEAN_NODE) -> None:
        self.asked: list[str] = []
        self._python = python
        self._node = node

    def __call__(
        self, command: Sequence[str], _directory: Path
    ) -> subprocess.CompletedProcess[str]:
        if "-r" not in command:
            self.asked.append("npm")
            return done(self._node)
        name = Path(command[command.index("-r") + 1]).name
        self.asked.append(name)
        answer = self._python(name)
        return answer if isinstance(answer, subprocess.CompletedProcess) else done(answer)


def clean(_name: str) -> Any:
    return {"dependencies": [package("click")]}


def test_all_that_was_looked_up_is_clean(
    audit: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = Tools(clean)
    assert audit.main(tools) == 0
    locks = sorted(path.name for path in (ROOT / "requirements").glob("*.txt"))
    npm_locks = [path.relative_to(ROOT).as_posix() for path in audit.npm_locks()]
    assert {"audit.txt", "base.txt", "dev.txt"} <= {*locks}
    assert "tests/node/package-lock.json" in npm_locks
    assert tools.asked == ["probe.txt", *locks, *["npm"] * len(npm_locks)]
    said = capsys.readouterr().out
    assert "requirements/base.txt: no known vulnerability\n  1 packages looked up\n" in said
    assert "package-lock.json: no known vulnerability\n  7 packages looked up\n" in said


def test_a_known_vulnerability_fails_and_is_named(
    audit: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def flawed(name: str) -> Any:
        flaws = ["PYSEC-1"] if name == "base.txt" else []
        return {"dependencies": [package("click", *flaws)]}

    assert audit.main(Tools(flawed)) == 1
    assert "VULNERABLE\n  click 1.0: PYSEC-1, fixed in 2.0\n" in capsys.readouterr().out


def test_a_vulnerability_of_node_fails_and_is_named(
    audit: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    node = {"vulnerabilities": {"left-pad": {"range": "<1.3", "severity": "high"}}}
    assert audit.main(Tools(clean, node)) == 1
    assert "left-pad <1.3: high" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer",
    [
        done(error="Connection refused", code=1),
        done("<html>"),
        done({"dependencies": []}),
        done({"dependencies": [package("click", skipped="not found")]}),
    ],
    ids=["no connection", "no report", "empty report", "skipped"],
)
def test_what_the_index_does_not_answer_is_not_called_safe_and_asked_once(
    answer: subprocess.CompletedProcess[str],
    audit: ModuleType,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tools = Tools(lambda _name: answer)
    assert audit.main(tools) == 3
    assert [name for name in tools.asked if name != "npm"] == ["probe.txt"]
    said = capsys.readouterr().out
    assert "requirements/base.txt: NOT AUDITED" in said
    assert "not everything was audited" in said


def test_one_skipped_package_is_not_called_safe(audit: ModuleType) -> None:
    def skipping(name: str) -> Any:
        others = [package("mine", skipped="not on the index")] if name == "dev.txt" else []
        return {"dependencies": [package("click"), *others]}

    assert audit.main(Tools(skipping)) == 3


def test_npm_without_an_answer_is_not_called_safe(
    audit: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main(Tools(clean, {"message": "405 Method Not Allowed"})) == 3
    assert "NOT AUDITED\n  405 Method Not Allowed" in capsys.readouterr().out


def test_a_vulnerability_outweighs_a_question_without_an_answer(audit: ModuleType) -> None:
    def flawed(_name: str) -> Any:
        return {"dependencies": [package("click", "PYSEC-1")]}

    assert audit.main(Tools(flawed, {"message": "away"})) == 1


def test_without_its_tool_nothing_is_audited(
    audit: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "TOOLS", tmp_path / "none")
    monkeypatch.setattr(audit.venv, "create", lambda *_args, **_options: None)
    tools = Tools(lambda name: done(code=1, error="no index") if name == "audit.txt" else clean(""))
    assert audit.main(tools) == 3
    assert [name for name in tools.asked if name != "npm"] == ["audit.txt"]


def test_the_probe_is_one_locked_package_with_its_hashes(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def read(command: Sequence[str], _directory: Path) -> subprocess.CompletedProcess[str]:
        seen.append(Path(command[command.index("-r") + 1]).read_text())
        return done(clean(""))

    assert audit.probe(read) == ""
    assert seen[0].count("==") == 1
    assert "--hash=sha256:" in seen[0]
