"""The pre-commit hook runs a command that exists, and the policy stands alone."""

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from rawr.cli import main

ROOT = Path(__file__).parents[3]


def test_the_hook_s_command_checks_the_reference_hq() -> None:
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text()
    (entry,) = [line for line in hook.splitlines() if line.strip().startswith("entry:")]
    program, *arguments = entry.partition(":")[2].split()
    assert program == "rawr"
    result = CliRunner().invoke(main, [*arguments, str(ROOT / "hq")])
    assert result.exit_code == 0, result.output


def test_the_policy_imports_no_other_layer() -> None:
    code = (
        "import rawr.policy, sys\n"
        "print(*(name for name in sys.modules if name.startswith('rawr.')), sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "rawr.policy" in loaded
    assert [name for name in loaded if not name.startswith("rawr.policy")] == []
