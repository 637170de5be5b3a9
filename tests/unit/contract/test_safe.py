"""Outcomes as values."""

import pytest

import rawr.client
from rawr.contract import LinkError, ORPCError, Success, TypedError, safe


class Gone(TypedError[None], code="GONE", status=410):
    """Gone."""


async def giving(value: object) -> object:
    if isinstance(value, BaseException):
        raise value
    return value


async def test_a_result_is_a_success() -> None:
    assert await safe(giving(1)) == Success(1) == Success[int](1)


@pytest.mark.parametrize(
    ("error", "is_defined"),
    [(Gone(), True), (ORPCError("CONFLICT"), False), (LinkError("no answer"), False)],
)
async def test_a_failed_call_is_a_failure(error: Exception, is_defined: bool) -> None:
    outcome = await safe(giving(error))
    assert outcome.error is error
    assert (outcome.is_success, outcome.is_defined, outcome.data) == (False, is_defined, None)


async def test_what_is_no_failure_of_a_call_is_raised() -> None:
    with pytest.raises(ValueError, match="a bug"):
        await safe(giving(ValueError("a bug")))


def test_clients_share_the_one_implementation() -> None:
    assert rawr.client.safe is safe
    assert rawr.client.LinkError is LinkError
