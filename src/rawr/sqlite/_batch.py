"""Group commit: many callers' work in one transaction, each failing alone."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from rawr.sqlite._errors import (
    DiskFull,
    StorageError,
    StorageUnavailable,
    TransactionLost,
    translate,
)
from rawr.sqlite._request import Outcome, Request, caller_error, logger

_SAVEPOINT = "SAVEPOINT request"
_RELEASE = "RELEASE request"
_UNDO = "ROLLBACK TO request"


class GroupCommit:
    """The writer's connection, whose transactions only this class begins and ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ending = False
        connection.set_authorizer(self._authorize)

    def commit(self, batch: Sequence[Request]) -> list[Outcome]:
        """Run every request in one transaction and return an outcome for each, in order.

        A success is only reported after COMMIT returned. A request that raises is undone alone;
        when BEGIN, COMMIT or the transaction itself fails, nothing of the batch is stored and
        every request that had succeeded gets the error instead.
        """
        self._roll_back()  # in case the last rollback failed
        try:
            self._control("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            return [request.failed(translate(error)) for request in batch]
        outcomes: list[Outcome] = []
        for request in batch:
            outcomes.append(self._run(request))
            if not self._connection.in_transaction:
                return _lost(batch, outcomes)
        try:
            # The comments keep these apart, in the driver's statement cache, from a COMMIT or
            # ROLLBACK in a caller's work: a cached statement is not authorized again.
            self._control("COMMIT /* batch */")
        except sqlite3.Error as error:
            self._roll_back()
            return [
                outcome if outcome.error is not None else request.failed(translate(error))
                for request, outcome in zip(batch, outcomes, strict=True)
            ]
        return outcomes

    def _run(self, request: Request) -> Outcome:
        connection = self._connection
        try:
            connection.execute(_SAVEPOINT)
            value = request.work(connection)
            connection.execute(_RELEASE)
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller, not to this thread
            self._undo()
            return request.failed(caller_error(error))
        return request.succeeded(value)

    def _undo(self) -> None:
        """Undo one request; if that fails, end the transaction: nothing half-done may stay."""
        if not self._connection.in_transaction:
            return
        try:
            self._connection.execute(_UNDO)
            self._connection.execute(_RELEASE)
        except sqlite3.Error:
            self._roll_back()

    def _roll_back(self) -> None:
        if not self._connection.in_transaction:
            return
        try:
            self._control("ROLLBACK /* batch */")
        except sqlite3.Error:
            logger.exception("A rollback failed", extra={"action": "rollback_failed"})

    def _control(self, statement: str) -> None:
        self._ending = True
        try:
            self._connection.execute(statement)
        finally:
            self._ending = False

    def _authorize(self, action: int, *_details: str | None) -> int:
        """Refuse BEGIN, COMMIT and ROLLBACK in a caller's work: its neighbours share them."""
        if action == sqlite3.SQLITE_TRANSACTION and not self._ending:
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK


def read_snapshot(connection: sqlite3.Connection, request: Request) -> Outcome:
    """Run one request against one consistent snapshot of the database."""
    try:
        connection.execute("BEGIN")
        outcome = request.succeeded(request.work(connection))
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller, not to this thread
        outcome = request.failed(caller_error(error))
    with suppress(sqlite3.Error):  # a snapshot that cannot be left fails the next BEGIN
        connection.execute("ROLLBACK")
    return outcome


def _lost(batch: Sequence[Request], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Answer a batch that SQLite rolled back by itself, as it does when the disk is full."""
    culprit = outcomes[-1].error
    if culprit is None:
        culprit = TransactionLost("the transaction ended by itself; try again")
    last = len(outcomes) - 1
    return [
        outcomes[position]
        if position < last and outcomes[position].error is not None
        else request.failed(culprit if position == last else _neighbour(culprit))
        for position, request in enumerate(batch)
    ]


def _neighbour(cause: BaseException) -> StorageError:
    # A full or broken disk is everybody's; any other cause is the culprit's own.
    kind = type(cause) if isinstance(cause, DiskFull | StorageUnavailable) else TransactionLost
    error = kind(f"the shared transaction was rolled back ({cause}); try again")
    error.__cause__ = cause
    return error
