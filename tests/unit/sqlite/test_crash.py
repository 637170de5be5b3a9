import subprocess
import sys

import pytest

from rawr.sqlite import Database

_WRITER = """
import asyncio, itertools, sys
from pathlib import Path
from rawr.sqlite import Database, MigrationSet

async def keep_writing(database, lane):
    for number in itertools.count():
        text = f"{sys.argv[3]}-{lane}-{number}"
        await database.write(
            lambda c: c.execute("INSERT INTO notes (text) VALUES (?)", (text,)).lastrowid
        )
        print(text, flush=True)

async def main():
    notes = MigrationSet(component="notes", directory=Path(sys.argv[2]))
    async with await Database.open(Path(sys.argv[1]), migrations=[notes]) as database:
        await asyncio.gather(*(keep_writing(database, lane) for lane in range(8)))

asyncio.run(main())
"""


def acknowledged_before_kill(*arguments: str) -> list[str]:
    """Start a writer, kill it after 200 acknowledgements, and return all it printed."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, *arguments], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(200)]
        writer.kill()
        lines += writer.stdout
    return [line.strip() for line in lines if line.endswith("\n")]


@pytest.mark.acceptance
async def test_every_acknowledged_write_survives_a_kill(tmp_path, notes, texts):
    path = tmp_path / "notes.db"
    acknowledged = [
        text
        for life in range(3)
        for text in acknowledged_before_kill(str(path), str(notes.directory), str(life))
    ]
    async with await Database.open(path, migrations=[notes]) as database:
        stored = await database.read(texts)
        integrity = await database.read(lambda c: c.execute("PRAGMA integrity_check").fetchall())
    assert set(acknowledged) <= set(stored)
    assert len(acknowledged) >= 600
    assert integrity == [("ok",)]
