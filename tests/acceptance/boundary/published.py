"""Third parties: clients made from the published document, and a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import anyio
import httpx2
from typing_extensions import override

from rawr.contract import walk
from rawr_hq import manifest
from tests.acceptance.boundary import probes
from tests.acceptance.boundary.callers import INGRESS, Caller, Callers, signature
from tests.acceptance.boundary.suite import Suite
from tests.acceptance.boundary.world import World


@dataclass(frozen=True, slots=True)
class PublishedClient:
    """What a third party generates from the document: operations by their ids."""

    caller: Caller
    document: Mapping[str, Any]

    async def call(
        self,
        operation_id: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        **path: str,
    ) -> httpx2.Response:
        """Call an operation; `path` fills in the parameters of its path."""
        method, template = self.operations()[operation_id]
        return await self.caller.http.request(
            method, template.format(**path), json=body, headers=headers
        )

    def operations(self) -> dict[str, tuple[str, str]]:
        """Method and path of every operation of the document, by its id."""
        return {
            operation["operationId"]: (method.upper(), path)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
        }


async def published_client(caller: Caller) -> PublishedClient:
    """Read the document the host publishes, as anybody can."""
    response = await caller.fetch("GET", "/api/orpc/openapi.json")
    assert response.status_code == 200
    return PublishedClient(caller, response.json())


class _ThirdParty(Suite):
    """What a third party must not get, whichever family it is there for."""

    def __init__(self, world: World, callers: Callers, caller: Caller) -> None:
        self.world = world
        self.callers = callers
        self.caller = caller

    @override
    async def reject_api_inngest_from_caller_paths(self) -> None:
        caller, service = self.caller, self.callers.service
        await probes.assert_ingress_refuses(caller, service)
        await probes.assert_ingress_is_on_no_caller_path(caller, service)
        client = await published_client(caller)
        assert not [path for _, path in client.operations().values() if INGRESS in path]

    @override
    async def reject_ingress_spoofed_caller_headers(self) -> None:
        await probes.assert_claims_are_not_believed(self.caller, self.callers.service)
        await probes.assert_ingress_refuses(
            self.callers.anybody, self.callers.service, {"x-rawr-caller-surface": "first-party"}
        )

    @override
    async def reject_rpc_workflows_route_family(self) -> None:
        await probes.assert_no_rpc_workflows(self.caller, self.callers.service)
        client = await published_client(self.caller)
        assert not [path for _, path in client.operations().values() if path.startswith("/rpc")]

    @override
    async def runtime_ingress_no_caller_boundary_semantics(self) -> None:
        await probes.assert_ingress_is_no_api(self.caller, self.callers.anybody)

    @override
    async def in_process_no_local_http_self_call(self) -> None:
        before = self.world.connected()
        await self.control()
        assert self.world.connected() == before


class ApiBoundary(_ThirdParty):
    """A partner on `/api/orpc`."""

    id: ClassVar[str] = "api:boundary"

    def __init__(self, world: World, callers: Callers) -> None:
        super().__init__(world, callers, callers.partner)

    @override
    async def control(self) -> None:
        client = await published_client(self.caller)
        started = await client.call(
            "invoicing.startInvoiceProcessing", body={"invoiceId": probes.fresh("invoice")}
        )
        assert started.status_code == 200, started.text
        run_id = started.json()["runId"]
        status = await client.call("invoicing.getInvoiceProcessingStatus", runId=run_id)
        assert status.json() == {"runId": run_id, "phase": "queued", "isTerminal": False}

    @override
    async def reject_rpc_from_external_callers(self) -> None:
        for place in walk(manifest.orpc.contract):
            path = "/".join(("/rpc", *place.path))
            method = place.contract.definition.route.effective_method
            content = probes.rpc_body() if method == "POST" else b""
            for headers in ({}, {"x-caller-surface": "first-party"}):
                refused = await self.caller.fetch(method, path, content=content, headers=headers)
                assert probes.failure(refused) == probes.FORBIDDEN, path
            unknown = await self.callers.anybody.fetch(method, path, content=content)
            assert probes.failure(unknown) == probes.UNAUTHORIZED, path

    @override
    async def reject_rpc_from_runtime_ingress(self) -> None:
        plain = b'{"invoiceId":"i"}'
        for path, body in ((probes.RPC_START, probes.rpc_body()), (probes.START, plain)):
            response = await self.callers.anybody.fetch(
                "POST", path, content=body, headers=signature(body)
            )
            assert probes.failure(response) == probes.UNAUTHORIZED


class WorkflowTriggerStatus(_ThirdParty):
    """An integrator on `/api/workflows`: triggers, and polls until the end."""

    id: ClassVar[str] = "workflow:trigger-status"

    def __init__(self, world: World, callers: Callers) -> None:
        super().__init__(world, callers, callers.integrator)

    @override
    async def control(self) -> None:
        client = await published_client(self.caller)
        accepted = await client.call(
            "invoicingTriggerReconciliation", body={"invoiceId": probes.fresh("invoice")}
        )
        assert accepted.status_code == 200, accepted.text
        run_id = accepted.json()["runId"]
        run: dict[str, Any] = {}
        with anyio.fail_after(20):
            while not run.get("isTerminal"):
                run = (await client.call("invoicingGetRunStatus", runId=run_id)).json()
        assert run == {"runId": run_id, "status": "completed", "isTerminal": True}

    @override
    async def reject_rpc_from_external_callers(self) -> None:
        request_id = probes.fresh("request")
        body = probes.rpc_body(requestId=request_id, invoiceId=probes.fresh("invoice"))
        refused = await self.caller.fetch("POST", probes.RPC_TRIGGER, content=body)
        assert probes.failure(refused) == probes.FORBIDDEN
        unknown = await self.callers.anybody.fetch("POST", probes.RPC_TRIGGER, content=body)
        assert probes.failure(unknown) == probes.UNAUTHORIZED
        await probes.assert_key_unused(self.callers.service, request_id)

    @override
    async def reject_rpc_from_runtime_ingress(self) -> None:
        request_id, invoice_id = probes.fresh("request"), probes.fresh("invoice")
        over_rpc = probes.rpc_body(requestId=request_id, invoiceId=invoice_id)
        plain = b'{"requestId":"%b","invoiceId":"%b"}' % (request_id.encode(), invoice_id.encode())
        for path, body in ((probes.RPC_TRIGGER, over_rpc), (probes.TRIGGER, plain)):
            response = await self.callers.anybody.fetch(
                "POST", path, content=body, headers=signature(body)
            )
            assert probes.failure(response) == probes.UNAUTHORIZED
        await probes.assert_key_unused(self.callers.service, request_id)
