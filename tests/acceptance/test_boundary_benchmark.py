"""The boundary benchmark runs; what it measures is no business of the tests."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.node_peer import peers_installed

ROOT = Path(__file__).parents[2]

SERVERS = {"rpc", "openapi", "raw", "fastapi", "litestar", "orpc_node"}
RATIOS = {"fastapi", "litestar", "orpc_node", "raw_floor"}


@pytest.mark.acceptance
@pytest.mark.node
def test_the_benchmark_ends_with_one_json_object() -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.boundary", "--seconds", "0.5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["rps"].keys() == SERVERS
    assert result["ratios"].keys() == RATIOS | {f"openapi_{name}" for name in RATIOS}
    figures = [result[name] for name in ("client_call_us", "openapi_1000_ms", "import_contract_ms")]
    assert all(figure > 0 for figure in (*result["rps"].values(), *result["ratios"].values()))
    assert all(isinstance(figure, float) for figure in figures)
