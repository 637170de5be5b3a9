"""Imports, through the package's in-process client."""

import pytest

from packages.$name.client import ${Name}Ports
from packages.$name.errors import Forbidden, RunNotFound, RunRef
from packages.$name.procedures.contract import READ, FailImport, ImportItems, PlanImport
from tests.$name.kit import REQUEST, client_of


async def queued(ports: ${Name}Ports) -> RunRef:
    """A run of acme's that nothing executes."""
    run = await ports.deps.runs.register(
        tenant_id="acme",
        requested_by="ada",
        request_id=REQUEST.request_id,
        correlation_id=REQUEST.correlation_id,
    )
    return RunRef(run_id=run.run_id)


async def test_a_plan_has_each_clean_title_once(ports: ${Name}Ports) -> None:
    plan = await client_of(ports).plan_import(PlanImport(titles=[" one ", "two", "one"]))
    assert plan.titles == ["one", "two"]


async def test_planning_takes_the_role_to_write(ports: ${Name}Ports) -> None:
    with pytest.raises(Forbidden):
        await client_of(ports, roles=(READ,)).plan_import(PlanImport(titles=["one"]))


async def test_a_retried_import_adds_nothing_twice(ports: ${Name}Ports) -> None:
    package, run = client_of(ports), await queued(ports)
    for attempt in range(2):
        step = ImportItems(run_id=run.run_id, titles=["one", "two"], attempt=attempt)
        assert (await package.import_items(step)).status == "running"
    assert (await package.complete_import(run)).is_terminal
    timeline = await package.get_run_timeline(run)
    assert [event.status for event in timeline.events] == ["queued", "running", "completed"]


async def test_an_import_that_failed_stays_failed(ports: ${Name}Ports) -> None:
    package, run = client_of(ports), await queued(ports)
    await package.fail_import(FailImport(run_id=run.run_id, reason="no more"))
    step = ImportItems(run_id=run.run_id, titles=["one"], attempt=1)
    assert (await package.import_items(step)).status == "failed"
    assert (await package.complete_import(run)).status == "failed"
    last = (await package.get_run_timeline(run)).events[-1]
    assert (last.status, last.detail) == ("failed", "no more")


async def test_another_tenants_run_is_missing(ports: ${Name}Ports) -> None:
    run = await queued(ports)
    with pytest.raises(RunNotFound):
        await client_of(ports, tenant_id="bolt").get_run_status(run)
