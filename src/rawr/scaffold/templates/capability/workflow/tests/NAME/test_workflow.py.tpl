"""The workflow of $name, end to end: host, engine, durable function."""

import pytest
from rawr.client import ASGITransport, OpenAPILink
from rawr.contract import ORPCError, create_client

from packages.$name.errors import RequestConflict, RunNotFound, RunRef
from packages.$name.workflows.contract import ${Name}Workflows, TriggerImport

URL = "http://hq/api/workflows"


@pytest.fixture
def workflows(transport: ASGITransport, developer: dict[str, str]) -> ${Name}Workflows:
    return create_client(${Name}Workflows, OpenAPILink(URL, client=transport, headers=developer))


async def test_an_import_runs_to_its_end(workflows: ${Name}Workflows) -> None:
    accepted = await workflows.trigger_import(TriggerImport(titles=["one", "two"]))
    run = RunRef(run_id=accepted.run_id)
    async with await workflows.watch_run(run) as events:
        seen = [event async for event in events]
    assert [event.status for event in seen] == ["queued", "running", "completed"]
    assert (await workflows.get_run_status(run)).is_terminal
    assert (await workflows.get_run_timeline(run)).events == seen


async def test_a_repeated_request_leads_to_the_same_run(workflows: ${Name}Workflows) -> None:
    trigger = TriggerImport(request_id="request-1", titles=["one"])
    first = await workflows.trigger_import(trigger)
    assert await workflows.trigger_import(trigger) == first


async def test_a_request_id_is_not_used_for_two_imports(workflows: ${Name}Workflows) -> None:
    await workflows.trigger_import(TriggerImport(request_id="request-1", titles=["one"]))
    with pytest.raises(RequestConflict):
        await workflows.trigger_import(TriggerImport(request_id="request-1", titles=["two"]))


async def test_a_run_there_is_not_is_a_typed_error(workflows: ${Name}Workflows) -> None:
    with pytest.raises(RunNotFound):
        await workflows.get_run_status(RunRef(run_id="nothing"))


async def test_a_caller_without_a_token_is_refused(transport: ASGITransport) -> None:
    stranger = create_client(${Name}Workflows, OpenAPILink(URL, client=transport))
    with pytest.raises(ORPCError) as caught:
        await stranger.trigger_import(TriggerImport(titles=["one"]))
    assert caught.value.status == 401
