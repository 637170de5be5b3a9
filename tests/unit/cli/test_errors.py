"""Failures an operator can mend are told in one line; others stay what they are."""

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rawr.cli import main
from rawr.cli._errors import _MENDABLE, reported
from rawr.server import AddressInUse


@pytest.mark.parametrize("module", sorted(_MENDABLE))
def test_every_failure_exists_and_is_one(module: str) -> None:
    for name in _MENDABLE[module]:
        assert issubclass(getattr(importlib.import_module(module), name), Exception)


def test_a_mendable_failure_is_one_line() -> None:
    with pytest.raises(click.ClickException, match="port 1 is taken"), reported():
        raise AddressInUse("port 1 is taken")


def test_a_defect_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError), reported():
        raise ZeroDivisionError


COMMANDS = (
    ("dev",),
    ("serve",),
    ("routes",),
    ("openapi",),
    ("typescript",),
    ("web", "build"),
    ("tokens", "create", "ci", "--tenant", "acme", "--role", "r", "--hq"),
)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path])
    for module in ("helper", "rawr_hq"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    (tmp_path / "helper.py").write_text("def check() -> None:\n    raise LookupError('lost')\n")
    (tmp_path / "rawr_hq.py").write_text("import helper\n\nhelper.check()\n")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_a_manifest_that_fails_is_one_line(broken: Path, command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*command, str(broken)])
    assert result.exit_code == 1
    assert result.output == (
        "Error: helper.py:2: LookupError: lost; mend that first; nothing starts before the "
        "manifest can be imported. RAWR_DEBUG=1 shows the traceback\n"
    )


def test_a_traceback_is_shown_to_who_asks(broken: Path) -> None:
    result = CliRunner().invoke(main, ["routes", str(broken)], env={"RAWR_DEBUG": "1"})
    assert result.exit_code == 1
    assert "helper.check()" in result.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (\n", "rawr_hq.py:1: SyntaxError: '(' was never closed; mend that first"),
        ("import no_such_library\n", "'no_such_library'; pip install what has the module"),
        ("from pathlib import Pat\n", "rawr_hq.py:1: ImportError: cannot import name 'Pat'"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_told(broken: Path, text: str, said: str) -> None:
    (broken / "rawr_hq.py").write_text(text)
    assert said in CliRunner().invoke(main, ["routes", str(broken)]).output


def test_the_engine_is_loaded_without_a_host() -> None:
    code = "import sys, rawr.cli._engine; print('rawr.host' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
