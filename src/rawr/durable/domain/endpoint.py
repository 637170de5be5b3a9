"""Runs that began as a request to an app's own endpoint (Inngest wire, durable endpoints)."""

from collections.abc import Mapping

from rawr.durable.domain.event import HTTP_REQUEST, Json
from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.run import Run


def endpoint_id(data: Mapping[str, Json]) -> str:
    """Return the function id of an endpoint: what the app calls it, or its method and path."""
    return _text(data, "fn") or f"{_text(data, 'method').upper()} {_text(data, 'path')}"


def endpoint_function(run: Run) -> FunctionConfig | None:
    """Return how the engine calls the endpoint of a run; `None` for any other run."""
    if run.event.name != HTTP_REQUEST:
        return None
    data = run.event.data
    query = _text(data, "query_params")
    return FunctionConfig(
        id=run.function_id,
        name=run.function_id,
        app_id=_text(data, "domain"),
        url=f"{_text(data, 'domain')}{_text(data, 'path')}{'?' if query else ''}{query}",
        retries=run.max_attempts - 1,
    )


def _text(data: Mapping[str, Json], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""
