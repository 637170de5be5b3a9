"""What holds when processes race, and when they are killed at the worst moment."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.coordination.kit import BILLING

pytestmark = pytest.mark.acceptance

_PROCESS = """
import asyncio, os, secrets, signal, sys
from pathlib import Path
from rawr.coordination import MIGRATIONS, Coordination
from rawr.durable.domain.clock import SystemClock
from rawr.sqlite import Database, MigrationSet
from tests.unit.coordination.kit import REQUESTED, Requested, request_for

directory, role = Path(sys.argv[1]), sys.argv[2]

class Engine:
    async def send(self, events, /):
        with (directory / "admitted").open("a") as file:
            file.write("".join(event.id + "\\n" for event in events))
        if role == "killed-after-send":
            os.kill(os.getpid(), signal.SIGKILL)
        return [event.id for event in events]

def die(transaction, run):
    if role == "killed-in-transaction":
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    ledger = MigrationSet(component="ledger", directory=directory / "ledger")
    async with await Database.open(directory / "hq.db", migrations=[MIGRATIONS, ledger]) as db:
        coordination = Coordination.on_sqlite(
            db, sender=Engine(), clock=SystemClock(), new_id=lambda: secrets.token_hex(8)
        )
        print("open", flush=True)
        sys.stdin.readline()
        for number in range(25):
            event = REQUESTED.event(Requested(run_id="whatever"))
            sent = await coordination.dispatch.send(
                event, run=request_for(idempotency_key=f"key-{number}"), also=die
            )
            print(sent.run.run_id, len(sent.event_ids), flush=True)
        if role == "killed-before-send":
            os.kill(os.getpid(), signal.SIGKILL)
        await coordination.relay.drain()

asyncio.run(main())
"""


def start(directory: Path, role: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _PROCESS, str(directory), role],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def finish(*processes: "subprocess.Popen[str]") -> list[list[str]]:
    """Let all of them go at once, and return what each printed."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate()[0].splitlines() for process in processes]


def admitted(directory: Path) -> list[str]:
    path = directory / "admitted"
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def directory(tmp_path, ledger):
    return tmp_path


def test_of_processes_that_make_the_same_requests_one_wins_each(directory):
    outputs = finish(*(start(directory, "racing") for _ in range(3)))
    assert [len(lines) for lines in outputs] == [25, 25, 25]
    for answers in zip(*outputs, strict=True):
        runs, sends = zip(*(answer.split() for answer in answers), strict=True)
        assert len(set(runs)) == 1
        assert sorted(sends) == ["0", "0", "1"]
    assert len(set(admitted(directory))) == 25


@pytest.mark.parametrize("role", ["killed-before-send", "killed-after-send"])
def test_a_kill_around_the_send_loses_nothing_and_starts_nothing_twice(directory, role):
    (lines,) = finish(start(directory, role))
    assert len(lines) == 25
    (again,) = finish(start(directory, "restarted"))
    assert [line.split()[0] for line in again] == [line.split()[0] for line in lines]
    assert {line.split()[1] for line in again} == {"0"}
    sent = admitted(directory)
    assert len(set(sent)) == 25
    assert {event_id.removeprefix("billing.requested:") for event_id in sent} == {
        line.split()[0] for line in lines
    }


def test_a_kill_inside_the_transaction_stores_nothing(directory):
    (lines,) = finish(start(directory, "killed-in-transaction"))
    assert lines == []
    (again,) = finish(start(directory, "restarted"))
    assert [line.split()[1] for line in again] == ["1"] * 25


async def test_a_restarted_process_finds_the_runs_of_the_killed_one(directory, runs):
    (lines,) = finish(start(directory, "killed-before-send"))
    page = await runs.list(tenant_id="acme", limit=100)
    assert {run.run_id for run in page.runs} == {line.split()[0] for line in lines}
    assert {(run.status, run.workflow) for run in page.runs} == {("queued", BILLING.name)}
