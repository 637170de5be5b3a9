"""Binds the workflow contract to its operations."""

from rawr.procedure import Router, implement

from plugins.workflows.$name.context import ${Name}WorkflowContext
from plugins.workflows.$name.contract import ${Name}Workflows
from plugins.workflows.$name.operations.access import require_internal
from plugins.workflows.$name.operations.status import get_run_status, get_run_timeline, watch_run
from plugins.workflows.$name.operations.trigger import trigger


def create_router() -> Router[${Name}WorkflowContext]:
    """The workflow plugin's router: trigger and reads, all internal."""
    os = implement(${Name}Workflows, ${Name}WorkflowContext).use(require_internal)
    os.handler(${Name}Workflows.trigger_import)(trigger)
    os.handler(${Name}Workflows.get_run_status)(get_run_status)
    os.handler(${Name}Workflows.get_run_timeline)(get_run_timeline)
    os.stream(${Name}Workflows.watch_run)(watch_run)
    return os.router()
