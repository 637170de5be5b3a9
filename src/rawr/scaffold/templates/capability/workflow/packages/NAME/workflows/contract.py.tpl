"""The canonical workflow contract of $name: trigger, run status, timeline.

A declaration only: the workflow plugin re-exports and implements it, the host mounts it.
"""

from datetime import datetime

from pydantic import Field
from rawr.contract import Contract, get, post
from rawr.schema import Schema

from packages.$name.domain.item import Title
from packages.$name.domain.status import RunState
from packages.$name.errors import Forbidden, RequestConflict, RunNotFound, RunRef, Unauthorized


class TriggerImport(Schema):
    """The items to import; repeating a request id with the same titles imports once."""

    request_id: str | None = Field(default=None, min_length=1, max_length=128)
    titles: list[Title] = Field(min_length=1, max_length=1000)


class ImportAccepted(Schema):
    """The import is queued and will run, whatever happens to the process."""

    run_id: str
    correlation_id: str


class RunStatus(Schema):
    """Where a run stands."""

    run_id: str
    status: RunState
    is_terminal: bool


class TimelineEvent(Schema):
    """One step of a run's life; `sequence` orders them and resumes a stream."""

    sequence: int
    type: str
    ts: datetime
    status: RunState
    detail: str | None = None
    attempt: int | None = None


class RunTimeline(Schema):
    """The life of a run, in sequence order."""

    run_id: str
    events: list[TimelineEvent]


class ${Name}Workflows(
    Contract,
    prefix="/$kebab",
    tags=["$name"],
    errors=[Unauthorized, Forbidden],
    publish=True,
):
    """Trigger an import and follow it."""

    trigger_import = (
        post("/imports/trigger")
        .route(summary="Start an import")
        .input(TriggerImport)
        .output(ImportAccepted)
        .errors(RequestConflict)
    )
    get_run_status = (
        get("/runs/{runId}")
        .route(summary="Where a run stands")
        .input(RunRef)
        .output(RunStatus)
        .errors(RunNotFound)
    )
    get_run_timeline = (
        get("/runs/{runId}/timeline")
        .route(summary="The life of a run")
        .input(RunRef)
        .output(RunTimeline)
        .errors(RunNotFound)
    )
    watch_run = (
        get("/runs/{runId}/events")
        .route(summary="The life of a run, as it happens")
        .input(RunRef)
        .streams(TimelineEvent)
        .errors(RunNotFound)
    )
