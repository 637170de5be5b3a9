"""The browser: pages of the HQ itself, with the cookie of who signed in."""

from typing import ClassVar

import anyio
from typing_extensions import override

from packages.invoicing.errors import RunRef
from packages.invoicing.workflows.contract import TriggerReconciliation
from plugins.api.invoicing.contract import StartInvoiceProcessing
from tests.acceptance.boundary import probes
from tests.acceptance.boundary.callers import FUNCTION, Callers, engine_call, signature
from tests.acceptance.boundary.suite import Suite
from tests.acceptance.boundary.world import World


class _Page(Suite):
    """What both kinds of calls of a page have in common."""

    def __init__(self, world: World, callers: Callers) -> None:
        self.world = world
        self.callers = callers

    @override
    async def reject_ingress_spoofed_caller_headers(self) -> None:
        callers = self.callers
        for page in (callers.page, callers.visitor, callers.foreign_page):
            await probes.assert_claims_are_not_believed(page, callers.service)
        run_id = await probes.registered(callers.service)
        body = engine_call(run_id)
        # Even a good signature is not good from a browser, which nobody should give one to.
        response = await callers.page.fetch("POST", FUNCTION, content=body, headers=signature(body))
        probes.assert_plain_refusal(response)
        await probes.assert_untouched(callers.service, run_id)

    @override
    async def runtime_ingress_no_caller_boundary_semantics(self) -> None:
        callers = self.callers
        for page in (callers.page, callers.visitor, callers.integrator_page, callers.foreign_page):
            await probes.assert_ingress_is_no_api(page, callers.anybody)

    @override
    async def in_process_no_local_http_self_call(self) -> None:
        before = self.world.connected()
        await self.control()
        assert self.world.connected() == before


class FirstPartyRpc(_Page):
    """A page's API calls: the RPC link, with the session."""

    id: ClassVar[str] = "web:first-party-rpc"

    @override
    async def control(self) -> None:
        invoicing = self.callers.page.rpc().invoicing
        start = StartInvoiceProcessing(invoice_id=probes.fresh("invoice"))
        started = await invoicing.api.start_invoice_processing(start)
        run = RunRef(run_id=started.run_id)
        status = await invoicing.api.get_invoice_processing_status(run)
        assert (started.accepted, status.phase) == (True, "queued")
        trigger = TriggerReconciliation(run_id=started.run_id)
        assert (await invoicing.workflows.trigger_reconciliation(trigger)).run_id == run.run_id
        await probes.completed(self.callers.page.workflows(), run.run_id)

    @override
    async def reject_api_inngest_from_caller_paths(self) -> None:
        page, service = self.callers.page, self.callers.service
        await probes.assert_ingress_refuses(page, service)
        await probes.assert_ingress_is_on_no_caller_path(page, service)
        start = StartInvoiceProcessing(invoice_id=probes.fresh("invoice"))
        api = page.rpc("/api/inngest").invoicing.api
        await probes.assert_not_understood(api.start_invoice_processing(start))

    @override
    async def reject_rpc_from_external_callers(self) -> None:
        callers = self.callers
        start = StartInvoiceProcessing(invoice_id=probes.fresh("invoice"))
        seen = [
            await probes.refusal(page.rpc().invoicing.api.start_invoice_processing(start))
            for page in (callers.visitor, callers.integrator_page, callers.foreign_page)
        ]
        assert seen == [probes.UNAUTHORIZED, probes.FORBIDDEN, probes.CROSS_SITE]
        claim = {"x-caller-surface": "first-party", "x-orpc-caller": "first-party"}
        for page, expected in zip((callers.visitor, callers.integrator_page), seen, strict=False):
            answer = await page.fetch(
                "POST", probes.RPC_START, content=probes.rpc_body(), headers=claim
            )
            assert probes.failure(answer) == expected
        form = {"content-type": "application/x-www-form-urlencoded"}
        token = f"token={self.world.integrator}".encode()  # no session comes of it, either
        signed_in = await callers.visitor.fetch("POST", "/sign-in", content=token, headers=form)
        assert (signed_in.status_code, "set-cookie" in signed_in.headers) == (401, False)

    @override
    async def reject_rpc_from_runtime_ingress(self) -> None:
        body = probes.rpc_body()
        for path in (probes.RPC_START, probes.RPC_TRIGGER):
            response = await self.callers.visitor.fetch(
                "POST", path, content=body, headers=signature(body)
            )
            assert probes.failure(response) == probes.UNAUTHORIZED

    @override
    async def reject_rpc_workflows_route_family(self) -> None:
        await probes.assert_no_rpc_workflows(self.callers.page, self.callers.service)
        page = self.callers.page.rpc("/rpc/workflows")
        trigger = TriggerReconciliation(invoice_id=probes.fresh("invoice"))
        refused = await probes.refusal(page.invoicing.workflows.trigger_reconciliation(trigger))
        assert refused == probes.NOT_FOUND


class PublishedOpenApi(_Page):
    """A page's workflow calls: the OpenAPI link, with the session."""

    id: ClassVar[str] = "web:published-openapi"

    @override
    async def control(self) -> None:
        workflows = self.callers.page.workflows()
        trigger = TriggerReconciliation(invoice_id=probes.fresh("invoice"))
        accepted = await workflows.trigger_reconciliation(trigger)
        run = RunRef(run_id=accepted.run_id)
        with anyio.fail_after(20):
            async with await workflows.watch_run(run) as events:
                told = [event.status async for event in events]
        assert told == ["queued", "reconciling", "completed"]

    @override
    async def reject_api_inngest_from_caller_paths(self) -> None:
        page, service = self.callers.page, self.callers.service
        await probes.assert_ingress_refuses(page, service)
        await probes.assert_ingress_is_on_no_caller_path(page, service)
        run = RunRef(run_id=await probes.registered(service))
        # The status of a run is read from a caller's route, never here.
        await probes.assert_not_understood(page.workflows("/api/inngest").get_run_status(run))

    @override
    async def reject_rpc_from_external_callers(self) -> None:
        callers = self.callers
        trigger = TriggerReconciliation(invoice_id=probes.fresh("invoice"))
        seen = [
            await probes.refusal(page.rpc().invoicing.workflows.trigger_reconciliation(trigger))
            for page in (callers.visitor, callers.integrator_page, callers.foreign_page)
        ]
        assert seen == [probes.UNAUTHORIZED, probes.FORBIDDEN, probes.CROSS_SITE]
        # What is published is not served under the RPC prefix, to whomever.
        for page in (callers.page, callers.integrator_page):
            over_rpc = await probes.refusal(page.workflows("/rpc").trigger_reconciliation(trigger))
            assert over_rpc == probes.NOT_FOUND

    @override
    async def reject_rpc_from_runtime_ingress(self) -> None:
        plain = b'{"invoiceId":"i"}'
        for path, body in ((probes.RPC_TRIGGER, probes.rpc_body()), (probes.TRIGGER, plain)):
            response = await self.callers.visitor.fetch(
                "POST", path, content=body, headers=signature(body)
            )
            assert probes.failure(response) == probes.UNAUTHORIZED

    @override
    async def reject_rpc_workflows_route_family(self) -> None:
        await probes.assert_no_rpc_workflows(self.callers.page, self.callers.service)
        trigger = TriggerReconciliation(invoice_id=probes.fresh("invoice"))
        page = self.callers.page.workflows("/rpc/workflows")
        assert await probes.refusal(page.trigger_reconciliation(trigger)) == probes.NOT_FOUND
