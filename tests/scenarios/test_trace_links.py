"""A run knows the engine's run that executes it."""

from tests.scenarios.kit import HQ

from rawr.coordination import TraceLinks


async def test_a_run_is_linked_to_its_timeline_and_to_the_engines_trace(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    run = await hq.host.coordination.all_runs.get(run_id, tenant_id="acme")
    (engine_run,) = await hq.host.engine.runs_of_event(run.admission_id or "")

    assert run.engine_run_id == engine_run.id
    ours, theirs = TraceLinks(base_url="http://hq", inngest_url="http://engine").of(run)
    assert ours.url == f"http://hq/api/workflows/invoicing/runs/{run_id}/timeline"
    assert theirs.url == f"http://engine/runs/{engine_run.id}"


async def test_an_event_that_is_no_runs_links_nothing(hq: HQ) -> None:
    assert not await hq.host.coordination.link_engine_run("some:event", "engine-run")
