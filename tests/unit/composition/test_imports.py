"""Importing a manifest is cold: it starts, opens and reads nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HQ = Path(__file__).parents[3] / "hq"

PROBE = """
import json, os, sys, threading

touched = []

def watch(event, args):
    if event == "open":
        path, mode, flags = args
        writes = flags is not None and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        code = isinstance(path, str) and (path.endswith((".py", ".pyc")) or ".pyc." in path)
        if writes or not code:
            touched.append([event, str(path)])
    elif event.partition(".")[0] in ("socket", "sqlite3", "subprocess", "shutil", "tempfile"):
        touched.append([event, ""])
    elif event in ("os.mkdir", "os.remove", "os.rename", "os.fork", "os.system", "os.posix_spawn"):
        touched.append([event, str(args)])

import rawr.composition, rawr.procedure, pydantic  # libraries may read their own files first
import inngest
sys.dont_write_bytecode = True
sys.addaudithook(watch)
sys.path.insert(0, sys.argv[1])
import rawr_hq
from rawr.composition import Manifest

print(json.dumps({
    "touched": touched,
    "threads": [thread.name for thread in threading.enumerate()],
    "is_manifest": isinstance(rawr_hq.manifest, Manifest),
    "modules": sorted(sys.modules),
}))
"""


@pytest.fixture(scope="module")
def probed() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(HQ)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["is_manifest"]
    return found


def test_importing_the_manifest_touches_no_file_socket_or_database(probed: dict[str, Any]) -> None:
    assert probed["touched"] == []


def test_importing_the_manifest_starts_no_thread(probed: dict[str, Any]) -> None:
    assert probed["threads"] == ["MainThread"]


@pytest.mark.parametrize(
    "module", ["rawr.host", "rawr.http", "rawr.durable.engine", "starlette", "uvicorn"]
)
def test_importing_the_manifest_loads_no_server(probed: dict[str, Any], module: str) -> None:
    assert module not in probed["modules"]
