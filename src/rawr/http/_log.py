"""What the server keeps to itself of a failure: it is logged, not sent."""

import logging
from typing import Any, Final

from rawr.contract import ORPCError

from ._operation import Operation

logger: Final = logging.getLogger("rawr.http")

_FIRST_SERVER_ERROR: Final = 500


def log_departure(operation: Operation) -> None:
    """Note that nobody waits for the answer any more."""
    logger.debug(
        "The client left %s",
        operation.name,
        extra={"action": "client_disconnected", "procedure": operation.name},
    )


def log_failure(operation: Operation, failure: ORPCError[Any]) -> None:
    """Log a failure of ours with its cause; an error the contract declares is an answer."""
    if failure.status < _FIRST_SERVER_ERROR or failure.defined:
        return
    logger.error(
        "%s failed: %s",
        operation.name,
        failure.message,
        exc_info=failure.__cause__ or failure,
        extra={"action": "call_procedure", "procedure": operation.name},
    )
