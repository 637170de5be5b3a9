"""Calls whose failures are values."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from rawr.contract import ORPCError

from ._errors import LinkError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Success(Generic[T_co]):
    """The call succeeded."""

    data: T_co
    error: None = None
    is_success: Literal[True] = True
    is_defined: Literal[False] = False


@dataclass(frozen=True, slots=True)
class Failure:
    """The call failed; `is_defined` if with an error its contract declares."""

    error: ORPCError[Any] | LinkError
    data: None = None
    is_success: Literal[False] = False
    is_defined: bool = False


SafeResult: TypeAlias = Success[T] | Failure


async def safe(call: Awaitable[T]) -> Success[T] | Failure:
    """The outcome of a call as a value; what is no failure of a call is still raised.

    Type checkers follow `match` and `result.error is None`.

    >>> # match await safe(hq.runs.get_status(RunRef(run_id="run-1"))):
    >>> #     case Success(status): ...
    >>> #     case Failure(RunNotFound() as error): ...
    """
    try:
        return Success(await call)
    except ORPCError as error:
        return Failure(error, is_defined=error.defined)
    except LinkError as error:
        return Failure(error)
