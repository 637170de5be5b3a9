"""The engine runtime: calls of durable functions, signed, and nothing else."""

from typing import ClassVar

from typing_extensions import override

from packages.invoicing.errors import RunRef
from rawr.durable.protocol.signing import SIGNATURE_HEADER, hash_signing_key
from tests.acceptance.boundary import probes
from tests.acceptance.boundary.callers import (
    FUNCTION,
    Callers,
    bearer,
    engine_call,
    signature,
)
from tests.acceptance.boundary.suite import Suite
from tests.acceptance.boundary.world import SERVICE_TOKEN, SIGNING_KEY, World

_API_ANSWERS = {"json", "defined", "meta"}


class RuntimeIngress(Suite):
    """Whoever holds the signing key, on `/api/inngest`."""

    id: ClassVar[str] = "runtime:ingress"

    def __init__(self, world: World, callers: Callers) -> None:
        self.world = world
        self.callers = callers
        self.engine = callers.anybody

    @override
    async def control(self) -> None:
        run_id = await probes.registered(self.callers.service)
        body = engine_call(run_id)
        response = await self.engine.fetch("POST", FUNCTION, content=body, headers=signature(body))
        assert response.status_code == 206, response.text
        assert SIGNATURE_HEADER in response.headers
        status = await self.callers.service.workflows().get_run_status(RunRef(run_id=run_id))
        assert status.status == "reconciling"

    @override
    async def reject_api_inngest_from_caller_paths(self) -> None:
        service = self.callers.service
        for caller in (service, self.callers.integrator, self.callers.partner, self.engine):
            await probes.assert_ingress_refuses(caller, service)
        await probes.assert_ingress_is_on_no_caller_path(self.engine, service)

    @override
    async def reject_ingress_spoofed_caller_headers(self) -> None:
        service = self.callers.service
        await probes.assert_claims_are_not_believed(self.engine, service)
        run_id = await probes.registered(service)
        body = engine_call(run_id)
        for header in ("origin", "cookie", "referer", "sec-fetch-site", "sec-ch-ua"):
            headers = {**signature(body), header: "x"}
            response = await self.engine.fetch("POST", FUNCTION, content=body, headers=headers)
            probes.assert_plain_refusal(response)
        await probes.assert_untouched(service, run_id)

    @override
    async def reject_rpc_from_external_callers(self) -> None:
        body = probes.rpc_body()
        for caller in (self.callers.partner, self.callers.integrator):
            for headers in (signature(body), {"x-caller-surface": "runtime-ingress"}):
                refused = await caller.fetch(
                    "POST", probes.RPC_START, content=body, headers=headers
                )
                assert probes.failure(refused) == probes.FORBIDDEN

    @override
    async def reject_rpc_from_runtime_ingress(self) -> None:
        plain = b'{"invoiceId":"i"}'
        calls = (
            (probes.RPC_START, probes.rpc_body()),
            (probes.RPC_TRIGGER, probes.rpc_body()),
            (probes.START, plain),
            (probes.TRIGGER, plain),
        )
        for path, body in calls:
            # The SDK proves itself to an engine's API with the key, raw or hashed.
            for proof in ({}, bearer(SIGNING_KEY), bearer(hash_signing_key(SIGNING_KEY))):
                headers = {**signature(body), **proof}
                refused = await self.engine.fetch("POST", path, content=body, headers=headers)
                assert probes.failure(refused) == probes.UNAUTHORIZED, path

    @override
    async def reject_rpc_workflows_route_family(self) -> None:
        body = probes.rpc_body(invoiceId=probes.fresh("invoice"))
        for path in probes.RPC_WORKFLOW_PATHS:
            response = await self.engine.fetch("POST", path, content=body, headers=signature(body))
            assert probes.failure(response) == probes.NOT_FOUND

    @override
    async def runtime_ingress_no_caller_boundary_semantics(self) -> None:
        await probes.assert_ingress_is_no_api(self.engine, self.engine)
        # A credential beside the signature changes nothing: who works is the system.
        run_id = await probes.registered(self.callers.service)
        body = engine_call(run_id)
        headers = {**signature(body), **bearer(SERVICE_TOKEN)}
        response = await self.engine.fetch("POST", FUNCTION, content=body, headers=headers)
        assert response.status_code == 206, response.text
        assert not {key for item in response.json() for key in item} & _API_ANSWERS
        # And a procedure's body is no call, though it is signed.
        call = probes.rpc_body()
        refused = await self.engine.fetch("POST", FUNCTION, content=call, headers=signature(call))
        assert refused.status_code >= 400
        assert not {*refused.json()} & _API_ANSWERS

    @override
    async def in_process_no_local_http_self_call(self) -> None:
        before = self.world.connected()
        await self.control()
        assert self.world.connected() == before
