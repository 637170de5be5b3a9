"""Rows that are stored together, and work that travels together."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator

import pytest

from rawr.durable.store._commits import Commits
from rawr.durable.store._gathered import Gathered
from rawr.sqlite import Work

ADD = "INSERT INTO numbers (number) VALUES (?)"
DROP = "DELETE FROM numbers WHERE number = ?"


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    yield connection
    connection.close()


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [number for (number,) in connection.execute("SELECT number FROM numbers")]


def test_rows_are_stored_when_they_are_flushed(connection: sqlite3.Connection) -> None:
    gathered = Gathered(connection)
    gathered.add(ADD, (2,))
    gathered.add(ADD, (1,))
    assert numbers(connection) == []
    gathered.flush()
    gathered.flush()
    assert numbers(connection) == [1, 2]


def test_whoever_takes_the_connection_finds_what_was_added_before(
    connection: sqlite3.Connection,
) -> None:
    gathered = Gathered(connection)
    gathered.add(ADD, (1,))
    assert numbers(gathered.connection) == [1]
    gathered.add(DROP, (1,))
    assert numbers(gathered.connection) == []


async def test_work_that_fails_does_not_take_its_neighbours_with_it(
    connection: sqlite3.Connection,
) -> None:
    async def write(work: Work[list[object]]) -> list[object]:
        with connection:
            connection.execute("BEGIN")
            return work(connection)

    def adding(number: int, answer: str) -> Callable[[Gathered], str]:
        def work(gathered: Gathered) -> str:
            gathered.add(ADD, (number,))
            return answer

        return work

    commits = Commits(write)
    work = [adding(1, "one"), adding(2, "two"), adding(2, "again")]
    futures = [commits.submit(one) for one in work]
    first, second, third = await asyncio.gather(*futures, return_exceptions=True)
    assert (first, second) == ("one", "two")
    assert isinstance(third, sqlite3.IntegrityError)
    assert numbers(connection) == [1, 2]


async def test_finishing_waits_for_work_of_this_turn(connection: sqlite3.Connection) -> None:
    async def write(work: Work[list[object]]) -> list[object]:
        await asyncio.sleep(0)
        return work(connection)

    commits = Commits(write)
    future = commits.submit(lambda gathered: gathered.add(ADD, (1,)))
    await commits.finish()
    assert future.done()
    assert numbers(connection) == [1]
