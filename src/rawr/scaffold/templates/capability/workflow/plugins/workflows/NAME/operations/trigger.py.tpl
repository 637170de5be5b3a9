"""The only path that starts an import."""

from rawr.coordination import IdempotencyConflict, RunRequest

from packages.$name.errors import RequestConflict, RequestRef
from packages.$name.procedures.contract import PlanImport
from packages.$name.service.workflow import IMPORT
from packages.$name.workflows.contract import ImportAccepted, TriggerImport
from plugins.workflows.$name.context import ${Name}WorkflowContext
from plugins.workflows.$name.functions.event import ImportRequested, ImportRequestedData
from plugins.workflows.$name.operations.access import require_trigger_permission


async def trigger(context: ${Name}WorkflowContext, input: TriggerImport) -> ImportAccepted:
    """Accept an import: the run, its timeline entry and its event, or none of them.

    Repeating a request id with the same titles leads to the same run and sends nothing again.
    """
    require_trigger_permission(context)
    plan = await context.$name.plan_import(PlanImport(titles=input.titles))
    principal, request = context.principal, context.request
    request_id = input.request_id or request.request_id
    requested = ImportRequestedData(
        tenant_id=principal.tenant_id,
        run_id=context.dispatch.new_run_id(),
        request_id=request_id,
        correlation_id=request.correlation_id,
        titles=plan.titles,
    )
    run = RunRequest(
        workflow=IMPORT,
        tenant_id=principal.tenant_id,
        requested_by=principal.subject,
        request_id=request_id,
        correlation_id=request.correlation_id,
        run_id=requested.run_id,
        idempotency_key=request_id,
        input=plan,
    )
    try:
        dispatched = await context.dispatch.send(ImportRequested.event(requested), run=run)
    except IdempotencyConflict as error:
        raise RequestConflict(RequestRef(request_id=request_id)) from error
    return ImportAccepted(
        run_id=dispatched.run.run_id, correlation_id=dispatched.run.correlation_id
    )
