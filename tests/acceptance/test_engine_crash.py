"""The engine killed with SIGKILL under load, and its disk failing under it.

No accepted event is lost, no committed step runs again as a new one, no run is stuck, and no run
completes twice. RAWR_CRASH_KILLS sets how often each transport's engine is killed, half of it each.
"""

import itertools
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import inngest
import pytest

from rawr.durable.domain.errors import StoreFull, StoreLocked
from rawr.durable.domain.event import EventDraft
from rawr.durable.engine import Engine
from tests.acceptance.engine import RunningEngine, start_engine

KILLS = int(os.environ.get("RAWR_CRASH_KILLS", "40")) // 2
APP = Path(__file__).with_name("engine_crash_app.py")

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(60 + 10 * KILLS)]


def accepted(directory: Path) -> set[int]:
    return {int(line) for line in (directory / "accepted").read_text().splitlines()}


def check(directory: Path, sent: set[int]) -> None:
    """Read the engine's own books and the functions' log."""
    with closing(sqlite3.connect(directory / "data" / "engine.db")) as connection:
        runs = connection.execute(
            "SELECT runs.id, status, output, json_extract(events.body, '$.data.n') FROM runs"
            " JOIN events ON internal_id = json_extract(event_ids, '$[0]')"
            " WHERE function_id = 'app-fn'"
        ).fetchall()
        places = Counter(connection.execute("SELECT run_id, position FROM steps"))
        finished = Counter(
            connection.execute(
                "SELECT json_extract(body, '$.data.run_id') FROM events"
                " WHERE name = 'inngest/function.finished'"
            )
        )
        left = connection.execute("SELECT count(*) FROM queue").fetchone()[0]
        checked = connection.execute("PRAGMA integrity_check").fetchone()[0]
    assert checked == "ok"
    assert {status for _, status, _, _ in runs} == {"completed"}
    started = Counter(number for _, _, _, number in runs)
    assert sent <= set(started)
    assert set(started.values()) == {1}
    assert {(run_id,) for run_id, _, _, _ in runs} == set(finished)
    assert set(finished.values()) == {1}
    assert set(places.values()) == {1}
    assert len(places) == 6 * len(runs)
    assert left == 0
    check_steps(directory, {number: json.loads(output) for _, _, output, number in runs})


def check_steps(directory: Path, outputs: dict[int, list[str]]) -> None:
    """Every later step, and the run's output, saw one and the same value of a step."""
    seen: dict[tuple[int, str], set[str]] = defaultdict(set)
    for line in (directory / "log").read_text().splitlines():
        _, number, step, *value = line.split()
        seen[int(number), step].update(value)
    for number, output in outputs.items():
        for step, value in zip("abcde", output, strict=True):
            assert seen.get((number, step), {value}) == {value}, (number, step)


def test_an_engine_with_its_functions_in_process_survives_kills(tmp_path: Path) -> None:
    chance = random.Random(7)
    share = 20
    for kill in range(KILLS):
        process = child(tmp_path, kill * share, share)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.communicate()
    output, _ = child(tmp_path, KILLS * share, share).communicate(timeout=120)
    assert output.split() == [b"ready", b"done"]
    check(tmp_path, accepted(tmp_path))


def child(directory: Path, first: int, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(APP), "in_process", str(directory), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_a_stand_alone_engine_survives_kills(tmp_path: Path) -> None:
    chance = random.Random(11)
    engine_port, app_port = free_port(), free_port()
    with app_at(app_port, tmp_path, "http", engine_port):
        engine = start_engine(tmp_path / "data", port=str(engine_port))
        register(app_port)
        sent: set[int] = set()
        for kill in range(KILLS):
            send_until_killed(engine, chance.uniform(0.01, 0.35), 1000 * kill, sent)
            engine = start_again(engine, tmp_path, engine_port)
        await_the_end(tmp_path)
        engine.client.close()
        assert engine.interrupt() == 0
    assert sent
    check(tmp_path, sent)


def test_an_app_that_saves_its_steps_and_its_engine_survive_kills(tmp_path: Path) -> None:
    chance = random.Random(13)
    engine_port, app_port = free_port(), free_port()
    sent: set[int] = set()
    # The app is away for a second each time it is killed: longer than twenty quick attempts.
    engine = start_engine(tmp_path / "data", port=str(engine_port), retry_seconds=0.5)
    for kill in range(KILLS):
        with app_at(app_port, tmp_path, "ingress", engine_port):
            if kill == 0:
                register(app_port)
            send_until_killed(engine, chance.uniform(0.01, 0.35), 1000 * kill, sent)
            engine = start_again(engine, tmp_path, engine_port, retry_seconds=0.5)
            time.sleep(chance.uniform(0, 0.2))
    with app_at(app_port, tmp_path, "ingress", engine_port):
        await_the_end(tmp_path)
    engine.client.close()
    assert engine.interrupt() == 0
    assert sent
    check(tmp_path, sent)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def app_at(port: int, directory: Path, kind: str, engine_port: int) -> Iterator[None]:
    """Run the app until the block ends, then kill it."""
    url = f"http://127.0.0.1:{engine_port}"
    command = [sys.executable, str(APP), kind, str(directory), url, str(port)]
    app = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert app.stdout is not None
        assert app.stdout.readline() == b"ready\n"
        yield
    finally:
        app.kill()
        app.communicate()


def register(app_port: int) -> None:
    synced = httpx2.put(f"http://127.0.0.1:{app_port}/api/inngest", trust_env=False)
    assert synced.status_code == 200, synced.text


def start_again(
    engine: RunningEngine, directory: Path, port: int, *, retry_seconds: float = 0.05
) -> RunningEngine:
    engine.client.close()
    return start_engine(directory / "data", port=str(port), retry_seconds=retry_seconds)


def send_until_killed(engine: RunningEngine, seconds: float, first: int, sent: set[int]) -> None:
    killer = threading.Timer(seconds, engine.kill)
    killer.start()
    for number in range(first, first + 25):
        try:
            engine.client.post(
                "/e/key", json={"name": "app/go", "data": {"n": number}, "id": f"e{number}"}
            ).raise_for_status()
        except httpx2.TransportError:
            break
        sent.add(number)
    killer.join()


def await_the_end(directory: Path) -> None:
    """Wait until no run is open."""
    deadline = time.monotonic() + 60
    while True:
        with closing(sqlite3.connect(directory / "data" / "engine.db")) as connection:
            (left,) = connection.execute(
                "SELECT count(*) FROM runs WHERE ended_at IS NULL"
            ).fetchone()
        if left == 0:
            return
        assert time.monotonic() < deadline, f"{left} runs are stuck"
        time.sleep(0.05)


class Steps:
    """An engine in this process, with a function of three steps."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.client = inngest.Inngest(app_id="app", is_production=False)
        self.executed: Counter[tuple[int, int]] = Counter()

        @self.client.create_function(
            fn_id="fn", trigger=inngest.TriggerEvent(event="app/go"), retries=0
        )
        async def function(ctx: inngest.Context) -> list[str]:
            async def step(number: int) -> str:
                self.executed[ctx.event.data["n"], number] += 1
                return "x" * 2000

            return [await ctx.step.run(f"s{number}", step, number) for number in range(3)]

        self.function = function

    async def start(self) -> Engine:
        engine = await Engine.open(self.directory)
        await engine.serve(self.client, [self.function])
        await engine.start()
        return engine


async def pragma(engine: Engine, text: str) -> Any:
    """Change a setting of the connection that writes."""
    database = engine._store._database  # type: ignore[attr-defined]
    return await database.write(lambda connection: connection.execute(f"PRAGMA {text}").fetchone())


async def send_for_ever(engine: Engine, sent: list[str]) -> None:
    for number in itertools.count():
        sent += await engine.send([EventDraft(name="app/go", data={"n": number})])


async def test_a_full_disk_is_named_and_everything_goes_on_when_there_is_space(
    tmp_path: Path,
) -> None:
    steps = Steps(tmp_path / "engine")
    engine = await steps.start()
    (pages,) = await pragma(engine, "page_count")
    await pragma(engine, f"max_page_count = {pages + 40}")
    sent: list[str] = []
    with pytest.raises(StoreFull, match="free some disk space"):
        await send_for_ever(engine, sent)
    await pragma(engine, "max_page_count = 1000000")
    sent += await engine.send([EventDraft(name="app/go", data={"n": -1})])
    for event_id in sent:
        (run,) = await engine.runs_of_event(event_id)
        assert (await engine.wait_run(run.id)).status == "completed"
    await engine.close()


async def test_a_locked_database_is_named_and_everything_goes_on_when_it_is_free(
    tmp_path: Path,
) -> None:
    steps = Steps(tmp_path / "engine")
    engine = await steps.start()
    await pragma(engine, "busy_timeout = 50")
    (before,) = await engine.send([EventDraft(name="app/go", data={"n": 0})])
    with closing(sqlite3.connect(tmp_path / "engine" / "engine.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="holds the write lock"):
            await engine.send([EventDraft(name="app/go", data={"n": 1})])
    (after,) = await engine.send([EventDraft(name="app/go", data={"n": 2})])
    for event_id in (before, after):
        (run,) = await engine.runs_of_event(event_id)
        assert (await engine.wait_run(run.id)).status == "completed"
    assert {number for number, _ in steps.executed} == {0, 2}
    await engine.close()
