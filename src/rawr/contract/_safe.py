"""Calls whose failures are values."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias

from typing_extensions import TypeVar

from ._errors import ORPCError
from ._link import LinkError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E_co = TypeVar("E_co", bound=BaseException, covariant=True, default=ORPCError[Any] | LinkError)


@dataclass(frozen=True)
class Success(Generic[T_co]):
    """The call succeeded."""

    data: T_co
    error: None = None
    is_success: Literal[True] = True
    is_defined: Literal[False] = False


@dataclass(frozen=True)
class Failure(Generic[E_co]):
    """The call failed; `is_defined` if with an error its contract declares."""

    error: E_co
    data: None = None
    is_success: Literal[False] = False
    is_defined: bool = False


SafeResult: TypeAlias = Success[T] | Failure
"""What `safe` gives."""


async def safe(call: Awaitable[T]) -> Success[T] | Failure:
    """The outcome of a call as a value; what is no failure of a call is still raised.

    Type checkers follow `match` and `result.error is None`.

    >>> import asyncio
    >>> async def pay(amount: int) -> str:
    ...     if amount > 100:
    ...         raise ORPCError("CONFLICT", message="Too much")
    ...     return "paid"
    >>> async def outcome(amount: int) -> str:
    ...     match await safe(pay(amount)):
    ...         case Success(data):
    ...             return data
    ...         case Failure(error):
    ...             return f"failed: {error}"
    >>> asyncio.run(outcome(1)), asyncio.run(outcome(1000))
    ('paid', 'failed: Too much')
    """
    try:
        return Success(await call)
    except ORPCError as error:
        return Failure(error, is_defined=error.defined)
    except LinkError as error:
        return Failure(error)
