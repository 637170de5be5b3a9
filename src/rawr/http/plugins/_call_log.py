"""One log line for each call, under a request id (oRPC's logging plugin)."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import ClassVar, Final

from typing_extensions import override

from rawr.http._plugin import Plugin, Respond
from rawr.http._request import Request
from rawr.http._response import Response

_HEADER: Final = b"x-request-id"
_ACCEPTABLE: Final = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_FIRST_SERVER_ERROR: Final = 500

_current: Final[ContextVar[str | None]] = ContextVar("rawr.http.request_id", default=None)

logger: Final = logging.getLogger("rawr.http.calls")


def request_id() -> str | None:
    """The id of the request that this code runs for; None outside of any."""
    return _current.get()


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to log records, for formatters to name.

    >>> handler = logging.StreamHandler()
    >>> handler.addFilter(RequestIdFilter())
    >>> handler.setFormatter(logging.Formatter("%(request_id)s %(message)s"))
    """

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter.filter`; lets every record pass."""
        record.request_id = request_id()
        return True


def _random_id() -> str:
    return uuid.uuid4().hex


class CallLog(Plugin):
    """Logs each call with procedure, status and duration, and answers with its request id.

    The id is the caller's `x-request-id` if it is a plain token, else a new one; a stream is
    logged when it starts, and its items are made under the same id.
    """

    order: ClassVar[int] = 9_200_000

    def __init__(
        self,
        *,
        make_id: Callable[[], str] = _random_id,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._make_id = make_id
        self._clock = clock

    @override
    def around_response(self, respond: Respond) -> Respond:
        """See `Plugin.around_response`."""

        async def logged(request: Request) -> Response:
            given = request.header_map.get(_HEADER, b"")
            own_id = given.decode() if _ACCEPTABLE.fullmatch(given) else self._make_id()
            # Not taken back: a stream goes on after this, and every request has a task.
            _current.set(own_id)
            began = self._clock()
            response = await respond(request)
            self._log(request, response, own_id, 1000 * (self._clock() - began))
            response.headers = (*response.headers, (_HEADER, own_id.encode()))
            return response

        return logged

    def _log(self, request: Request, response: Response, own_id: str, took_ms: float) -> None:
        name, status = request.operation.name, response.status
        logger.log(
            logging.WARNING if status >= _FIRST_SERVER_ERROR else logging.INFO,
            "%s answered %d in %.1f ms",
            name,
            status,
            took_ms,
            extra={
                "action": "serve_call",
                "procedure": name,
                "status": status,
                "duration_ms": round(took_ms, 3),
                "request_id": own_id,
            },
        )
