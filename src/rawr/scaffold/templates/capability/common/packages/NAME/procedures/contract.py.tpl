"""The package's own procedures: what the plugins call, in process.

Each one says in its metadata which role it takes.
"""

from typing import Final

%% if workflow
from pydantic import Field
%% end
from rawr.contract import Contract, procedure
from rawr.schema import Schema

from packages.$name.domain.item import Title
%% if both
from packages.$name.errors import Forbidden, ItemNotFound, ItemRef, RunNotFound, RunRef
%% else
%% if api
from packages.$name.errors import Forbidden, ItemNotFound, ItemRef
%% end
%% if workflow
from packages.$name.errors import Forbidden, RunNotFound, RunRef
%% end
%% end
%% if workflow
from packages.$name.workflows.contract import RunStatus, RunTimeline, TimelineEvent
%% end

READ: Final = "$name:read"
WRITE: Final = "$name:write"

%% if api

class AddItem(Schema):
    """Adds an item, unless there is one with that title."""

    title: Title


class ItemDetails(Schema):
    """An item as the package tells of it."""

    item_id: str
    title: str

%% end
%% if workflow

class PlanImport(Schema):
    """Asks for an import of items."""

    titles: list[Title]


class ImportPlan(Schema):
    """What the import will add: clean titles, each once."""

    titles: list[Title]


class ImportItems(Schema):
    """Adds the items of an import."""

    run_id: str
    titles: list[Title]
    attempt: int


class FailImport(Schema):
    """Ends an import that could not be finished."""

    run_id: str
    reason: str


class WatchRun(Schema):
    """Names a run and the last event already seen."""

    run_id: str
    after: int = Field(default=0, ge=0)

%% end

class ${Name}Package(Contract, errors=[Forbidden]):
%% if both
    """Items: added one by one, imported by the many, read."""
%% else
%% if api
    """Items: added and read."""
%% end
%% if workflow
    """Imports of items: planned, run, followed."""
%% end
%% end

%% if api
    add_item = procedure().meta(role=WRITE).input(AddItem).output(ItemDetails)
    get_item = procedure().meta(role=READ).input(ItemRef).output(ItemDetails).errors(ItemNotFound)
%% end
%% if workflow
    plan_import = procedure().meta(role=WRITE).input(PlanImport).output(ImportPlan)
    import_items = (
        procedure().meta(role=WRITE).input(ImportItems).output(RunStatus).errors(RunNotFound)
    )
    complete_import = (
        procedure().meta(role=WRITE).input(RunRef).output(RunStatus).errors(RunNotFound)
    )
    fail_import = (
        procedure().meta(role=WRITE).input(FailImport).output(RunStatus).errors(RunNotFound)
    )
    get_run_status = procedure().meta(role=READ).input(RunRef).output(RunStatus).errors(RunNotFound)
    get_run_timeline = (
        procedure().meta(role=READ).input(RunRef).output(RunTimeline).errors(RunNotFound)
    )
    watch_run = (
        procedure().meta(role=READ).input(WatchRun).streams(TimelineEvent).errors(RunNotFound)
    )
%% end
