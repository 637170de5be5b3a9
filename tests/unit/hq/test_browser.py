import json
import subprocess
import sys
from pathlib import Path

HQ = Path(__file__).parents[3] / "hq"

PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import packages.invoicing.browser
print(json.dumps([name for name in sys.modules if name.split(".")[0] in ("packages", "plugins")]))
"""


def test_the_browser_safe_entry_loads_values_and_the_workflow_contract_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(HQ)], capture_output=True, text=True, check=True
    )
    loaded = {name for name in json.loads(done.stdout) if name.startswith("packages.invoicing.")}
    assert loaded == {
        "packages.invoicing.browser",
        "packages.invoicing.domain",
        "packages.invoicing.domain.run",
        "packages.invoicing.domain.status",
        "packages.invoicing.errors",
        "packages.invoicing.workflows",
        "packages.invoicing.workflows.contract",
    }
