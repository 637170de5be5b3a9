"""An HQ as a process: started, talked to, killed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[2]
RAWR = Path(sys.executable).with_name("rawr")
_START_SECONDS = 50  # a test may take 60


@dataclass
class RunningHq:
    """A started HQ, ready to serve."""

    process: subprocess.Popen[bytes]
    base_url: str
    data_dir: Path
    log: Path

    @property
    def token(self) -> str:
        return (self.data_dir / "dev-token").read_text().strip()

    def client(self) -> httpx2.Client:
        """A first-party client."""
        return httpx2.Client(
            base_url=self.base_url,
            headers={"authorization": f"Bearer {self.token}"},
            timeout=10,
            trust_env=False,
        )

    def kill(self) -> None:
        """`kill -9`: nothing gets to clean up."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


def command(*arguments: str, hq_dir: Path = ROOT / "hq") -> list[str]:
    """The command line that starts an HQ, by default the reference HQ."""
    return [str(RAWR), "dev", str(hq_dir), *arguments]


def start_hq(
    data_dir: Path, *arguments: str, hq_dir: Path = ROOT / "hq", **environ: str
) -> RunningHq:
    """Start `rawr dev` on a free port and wait until it says it is ready."""
    return start(command(*arguments, hq_dir=hq_dir), data_dir, **environ)


def start(program: Sequence[str], data_dir: Path, **environ: str) -> RunningHq:
    """Start a program that serves an HQ, and wait until it says it is ready."""
    log = data_dir.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            program,
            env={
                **os.environ,
                "RAWR_PORT": "0",
                "RAWR_DATA_DIR": str(data_dir),
                "PYTHONUNBUFFERED": "",
                **environ,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        ready = re.search(r"^ready (\S+)$", log.read_text(), re.MULTILINE)
        if ready:
            return RunningHq(process, ready[1], data_dir, log)
        time.sleep(0.01)
    process.kill()
    process.wait()
    raise AssertionError(f"the HQ did not start:\n{log.read_text()}")


@contextmanager
def running_hq(
    data_dir: Path, *arguments: str, hq_dir: Path = ROOT / "hq", **environ: str
) -> Iterator[RunningHq]:
    """An HQ for the length of a test."""
    hq = start_hq(data_dir, *arguments, hq_dir=hq_dir, **environ)
    try:
        yield hq
    finally:
        if hq.process.poll() is None:
            hq.kill()
