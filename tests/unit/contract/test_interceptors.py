"""Observers of calls: when they are told, and of what."""

import asyncio
from typing import Any

import pytest

from rawr.contract import (
    Failure,
    Success,
    TypedError,
    on_error,
    on_finish,
    on_start,
    on_success,
)


class Gone(TypedError[None], code="GONE", status=410):
    """Gone."""


class Notes(list[object]):
    def plain(self, *told: object) -> None:
        self.append(told)

    async def later(self, *told: object) -> None:
        await asyncio.sleep(0)
        self.append(told)


async def double(subject: int) -> int:
    return subject * 2


def failing(error: BaseException) -> Any:
    async def fail(subject: int) -> int:
        raise error

    return fail


@pytest.fixture(params=["plain", "later"])
def told(request: pytest.FixtureRequest) -> tuple[Notes, Any]:
    notes = Notes()
    return notes, getattr(notes, request.param)


async def test_start_is_told_before_the_call(told: tuple[Notes, Any]) -> None:
    notes, callback = told

    async def core(subject: int) -> int:
        assert notes == [(3,)]
        return subject

    assert await on_start(callback)(3, core) == 3


async def test_success_is_told_with_the_result(told: tuple[Notes, Any]) -> None:
    notes, callback = told
    assert await on_success(callback)(3, double) == 6
    assert notes == [(6, 3)]


async def test_success_is_not_told_of_failures(told: tuple[Notes, Any]) -> None:
    notes, callback = told
    with pytest.raises(Gone):
        await on_success(callback)(3, failing(Gone()))
    assert notes == []


async def test_errors_are_told_and_raised_on(told: tuple[Notes, Any]) -> None:
    notes, callback = told
    error = ValueError("x")
    with pytest.raises(ValueError, match="x") as caught:
        await on_error(callback)(3, failing(error))
    assert caught.value is error
    assert notes == [(error, 3)]
    assert await on_error(callback)(3, double) == 6
    assert len(notes) == 1


async def test_cancellation_is_no_error(told: tuple[Notes, Any]) -> None:
    notes, callback = told
    with pytest.raises(asyncio.CancelledError):
        await on_error(callback)(3, failing(asyncio.CancelledError()))
    assert notes == []


async def test_the_end_is_told_whatever_the_outcome(told: tuple[Notes, Any]) -> None:
    notes, callback = told
    gone, cancelled = Gone(), asyncio.CancelledError()
    watch = on_finish(callback)
    assert await watch(3, double) == 6
    for error in (gone, cancelled):
        with pytest.raises(type(error)):
            await watch(4, failing(error))
    assert notes == [
        (Success(6), 3),
        (Failure(gone, is_defined=True), 4),
        (Failure(cancelled), 4),
    ]


async def test_what_a_callback_raises_replaces_the_outcome() -> None:
    def refuse(*told: object) -> None:
        raise LookupError("from the callback")

    for watch in (on_start(refuse), on_success(refuse), on_finish(refuse)):
        with pytest.raises(LookupError):
            await watch(3, double)
    with pytest.raises(LookupError) as caught:
        await on_error(refuse)(3, failing(ValueError("x")))
    assert isinstance(caught.value.__context__, ValueError)
