"""Every import contract holds, and every one of them can fail."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".importlinter"

OFFENCES = {
    "layers": ("contract/_link.py", "import rawr.http"),
    "engine-stands-alone": ("durable/domain/event.py", "import rawr.contract"),
    "boundary-stands-alone": ("procedure/_call.py", "import rawr.durable"),
    "client-has-no-server": ("client/__init__.py", "import rawr.procedure"),
    "coordination-has-no-http": ("coordination/__init__.py", "import starlette"),
    "contracts-are-pure": ("contract/_link.py", "import httpx2"),
    "codecs-are-sans-io": ("wire/__init__.py", "import asyncio"),
    "composition-has-no-http-server": ("composition/__init__.py", "import starlette"),
    "scaffold-stands-alone": ("scaffold/__init__.py", "import rawr.composition"),
    "policy-stands-alone": ("policy/_rule.py", "import rawr.contract"),
    "typescript-reads-contracts": ("typescript/__init__.py", "import rawr.procedure"),
    "engine-needs-no-host": ("cli/_engine_apps.py", "import rawr.host"),
    "one-sqlite": ("host/__init__.py", "import sqlite3"),
}


def _contracts() -> set[str]:
    parser = configparser.ConfigParser()
    parser.read(CONFIG)
    return {name.split(":")[2] for name in parser.sections() if name.count(":") == 2}


def _lint(source: Path, contract: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--config",
            CONFIG,
            "--contract",
            contract,
            "--no-cache",
        ],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_has_an_offence() -> None:
    assert set(OFFENCES) == _contracts()


@pytest.mark.parametrize("contract", sorted(OFFENCES))
def test_a_contract_holds_and_can_fail(contract: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "rawr", tmp_path / "rawr")
    held = _lint(tmp_path, contract)
    assert held.returncode == 0, held.stdout + held.stderr

    module, offence = OFFENCES[contract]
    path = tmp_path / "rawr" / module
    path.write_text(path.read_text() + f"\n{offence}\n")

    broken = _lint(tmp_path, contract)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "BROKEN" in broken.stdout
