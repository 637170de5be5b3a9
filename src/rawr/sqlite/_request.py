"""One caller's unit of work and the answer to it, carried between the loop and a thread."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from rawr.sqlite._connection import Work
from rawr.sqlite._errors import translate

logger = logging.getLogger("rawr.sqlite")


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """Work a caller waits for."""

    work: Work[object]
    future: "asyncio.Future[object]"

    def succeeded(self, value: object) -> "Outcome":
        return Outcome(self.future, value, None)

    def failed(self, error: BaseException) -> "Outcome":
        return Outcome(self.future, None, error)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The answer to a request; `error` wins over `value`."""

    future: "asyncio.Future[object]"
    value: object
    error: BaseException | None

    def deliver(self) -> None:
        """Hand the answer to the caller, on the caller's event loop."""
        if self.future.done():  # the caller was cancelled while its work was under way
            if self.error is not None:
                logger.warning(
                    "A database request failed after its caller had stopped waiting",
                    exc_info=self.error,
                    extra={"action": "abandoned_request_failed"},
                )
        elif self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.value)


def deliver_all(outcomes: Sequence[Outcome]) -> None:
    """Deliver a batch; runs once on the loop however many callers it answers."""
    for outcome in outcomes:
        outcome.deliver()


def caller_error(error: BaseException) -> BaseException:
    """Return what the caller of failed work should see."""
    if isinstance(error, sqlite3.Error):
        return translate(error)
    if isinstance(error, StopIteration):  # asyncio futures refuse to carry it
        wrapped = RuntimeError("database work raised StopIteration")
        wrapped.__cause__ = error
        return wrapped
    return error
