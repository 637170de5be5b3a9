"""The durable import: two steps, each committed once."""

from typing import Any

import inngest
from rawr.composition import RequestInfo

from packages.$name.client import ${Name}Client, ${Name}Ports
from packages.$name.errors import RunRef
from packages.$name.procedures.contract import FailImport, ImportItems
from plugins.workflows.$name.functions.event import ImportRequested, ImportRequestedData

_RETRIES = 2
_RUNS_PER_TENANT = 10


def create_functions(client: inngest.Inngest, ports: ${Name}Ports) -> list[inngest.Function[Any]]:
    """Every durable function of $name."""
    return [create_import(client, ports)]


def create_import(client: inngest.Inngest, ports: ${Name}Ports) -> inngest.Function[Any]:
    """Runs one import; when retries are exhausted, the run is recorded as failed."""

    async def record_failure(ctx: inngest.Context) -> None:
        failed: dict[str, Any] = dict(ctx.event.data)
        requested = ImportRequested.parse(inngest.Event.model_validate(failed["event"]))
        reason = str(failed.get("error", {}).get("message", "the import failed"))
        await ctx.step.run(
            "$name/record-failure",
            lambda: _fail(_system(ports, requested), requested.run_id, reason),
        )

    @client.create_function(
        fn_id="$name.import",
        retries=_RETRIES,
        trigger=ImportRequested.trigger(),
        concurrency=[inngest.Concurrency(limit=_RUNS_PER_TENANT, key="event.data.tenantId")],
        on_failure=record_failure,
    )
    async def run_import(ctx: inngest.Context) -> dict[str, object]:
        requested = ImportRequested.parse(ctx.event)
        package = _system(ports, requested)
        status = await ctx.step.run("$name/import", lambda: _import(package, requested, ctx.attempt))
        if status == "running":  # and not ended meanwhile
            status = await ctx.step.run("$name/complete", lambda: _complete(package, requested.run_id))
        return {"runId": requested.run_id, "status": status}

    return run_import


def _system(ports: ${Name}Ports, requested: ImportRequestedData) -> ${Name}Client:
    request = RequestInfo(request_id=requested.request_id, correlation_id=requested.correlation_id)
    return ports.system_client(requested.tenant_id, request)


async def _import(package: ${Name}Client, requested: ImportRequestedData, attempt: int) -> str:
    running = await package.import_items(
        ImportItems(run_id=requested.run_id, titles=requested.titles, attempt=attempt)
    )
    return running.status


async def _complete(package: ${Name}Client, run_id: str) -> str:
    completed = await package.complete_import(RunRef(run_id=run_id))
    return completed.status


async def _fail(package: ${Name}Client, run_id: str, reason: str) -> str:
    failed = await package.fail_import(FailImport(run_id=run_id, reason=reason))
    return failed.status
