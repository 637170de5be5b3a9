"""Every request gets a context of its own, of the envelope its surface asks for."""

from collections.abc import AsyncIterator
from pathlib import Path

import inngest
import pytest
from tests.unit.composition.kit import Seen, capability
from tests.unit.host.kit import booted, client_of

from rawr.composition import ApiBoundary, WorkflowBoundary, compose_capabilities
from rawr.coordination import STANDARD_LIFECYCLE, RunRequest, UndeclaredEvent, Workflow
from rawr.host import Host

ECHO = ("POST", "/api/orpc/alpha/echo", b'{"text":"hi"}')
READ = ("GET", "/api/workflows/alpha/read?text=hi", b"")
RPC_ECHO = ("POST", "/rpc/alpha/api/echoText", b'{"json":{"text":"hi"}}')
RPC_READ = ("POST", "/rpc/alpha/workflows/readText", b'{"json":{"text":"hi"}}')
BETA = ("POST", "/api/orpc/beta/echo", b'{"text":"hi"}')


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def host(tmp_path: Path, seen: Seen) -> AsyncIterator[Host]:
    manifest = compose_capabilities([capability("alpha", seen=seen), capability("beta", seen=seen)])
    async with booted(manifest, tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("request_", "envelope"),
    [
        (ECHO, ApiBoundary),
        (READ, WorkflowBoundary),
        (RPC_ECHO, ApiBoundary),
        (RPC_READ, WorkflowBoundary),
    ],
)
async def test_a_procedure_keeps_its_own_envelope_on_every_transport(
    host: Host, seen: Seen, request_: tuple[str, str, bytes], envelope: type
) -> None:
    method, path, body = request_
    response = await client_of(host).request(method, path, body=body)
    assert response.status == 200, response.text
    (boundary,) = seen.boundaries
    assert type(boundary) is envelope


@pytest.mark.parametrize("request_", [ECHO, READ, RPC_ECHO, RPC_READ])
async def test_two_requests_never_share_a_context(
    host: Host, seen: Seen, request_: tuple[str, str, bytes]
) -> None:
    method, path, body = request_
    for _ in range(2):
        await client_of(host).request(method, path, body=body)
    first, second = seen.contexts
    assert first is not second
    one, other = seen.boundaries
    assert one is not other
    assert one.request.request_id != other.request.request_id


async def test_each_request_is_its_own_callers(host: Host, seen: Seen) -> None:
    method, path, body = ECHO
    for who in ("ada", "bob"):
        await client_of(host, who).request(method, path, body=body)
    assert [each.principal.subject for each in seen.boundaries] == ["ada", "bob"]
    assert [each.principal.tenant_id for each in seen.boundaries] == ["acme", "bolt"]


async def test_a_capability_is_served_with_its_own_ports(host: Host) -> None:
    for (method, path, body), answered in ((ECHO, "alpha:hi"), (BETA, "beta:hi")):
        response = await client_of(host).request(method, path, body=body)
        assert response.json() == {"text": answered}


async def test_the_boundary_knows_ids_address_and_agent(host: Host, seen: Seen) -> None:
    method, path, body = READ
    headers = {"x-request-id": "req-1", "x-correlation-id": "corr-1", "user-agent": "tests"}
    await client_of(host, **headers).request(method, path, body=body)
    (boundary,) = seen.boundaries
    request = boundary.request
    assert (request.request_id, request.correlation_id) == ("req-1", "corr-1")
    assert (request.source_ip, request.user_agent) == ("127.0.0.1", "tests")


async def test_only_the_workflow_envelope_can_dispatch(host: Host, seen: Seen) -> None:
    for method, path, body in (ECHO, READ):
        await client_of(host).request(method, path, body=body)
    api, workflow = seen.boundaries
    assert not hasattr(api, "dispatch")
    assert isinstance(workflow, WorkflowBoundary)
    request = RunRequest(
        workflow=Workflow(capability="alpha", name="w", lifecycle=STANDARD_LIFECYCLE),
        tenant_id="acme",
        requested_by="ada",
        request_id="req-1",
        correlation_id="cor-1",
    )
    with pytest.raises(UndeclaredEvent, match=r"beta\.asked"):
        await workflow.dispatch.send(inngest.Event(name="beta.asked"), run=request)


async def test_who_is_refused_gets_no_context(host: Host, seen: Seen) -> None:
    for method, path, body in (ECHO, READ, RPC_ECHO, RPC_READ):
        response = await client_of(host, "mallory").request(method, path, body=body)
        assert response.status == 401
    assert seen.contexts == []
