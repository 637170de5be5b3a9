"""Hosts with one guard taken away each: what the acceptance suites must notice.

A mutant is applied in the process that boots the host. Each is named by the key whose cells have
to fail on it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

import httpx2
import msgspec
import pytest
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rawr.composition import CallerClass, Principal
from rawr.durable.ingress import _gate
from rawr.host import (
    API,
    INGRESS,
    RPC,
    WORKFLOWS,
    Mount,
    MountTable,
    Resources,
    _admission,
    _boot,
    _contexts,
    build_mounts,
)
from rawr.host._app import _contexts as contexts_of
from rawr.http import RPCHandler
from tests.acceptance.boundary import suite

Mutant = Callable[[pytest.MonkeyPatch], None]
Rebuild = Callable[[Resources, tuple[Mount, ...]], tuple[Mount, ...]]

_FAMILIES: Final = (INGRESS, WORKFLOWS, RPC, API)


def _open_ingress(patch: pytest.MonkeyPatch) -> None:
    """The ingress asks nobody for a signature."""

    async def admit(gate: _gate.Gate, request: Request) -> _gate.Admitted:
        return _gate.Admitted(await request.body(), gate._keys[0])

    patch.setattr(_gate.Gate, "admit", admit)


def _trusting_ingress(patch: pytest.MonkeyPatch) -> None:
    """The ingress believes whoever says to be the engine, in one header or another."""
    claims = ("x-caller-surface", "x-inngest-server-kind", "x-inngest-signature")
    admit: Callable[..., Awaitable[_gate.Admitted]] = _gate.Gate.admit

    async def trusting(gate: _gate.Gate, request: Request) -> _gate.Admitted:
        if any(name in request.headers for name in claims):
            return _gate.Admitted(await request.body(), gate._keys[0])
        return await admit(gate, request)

    patch.setattr(_gate.Gate, "admit", trusting)


def _rpc_for_all(patch: pytest.MonkeyPatch) -> None:
    """`/rpc` does not look at the caller class."""
    patch.setattr(_contexts, "FIRST_PARTIES", _admission.EVERYONE)


def _engine_is_a_caller(patch: pytest.MonkeyPatch) -> None:
    """Caller routes take the engine's signature for a credential."""
    admit: Callable[..., Awaitable[Principal]] = _admission.Admission.admit
    engine = Principal(
        subject="engine",
        tenant_id="acme",
        caller=CallerClass.SERVICE,
        roles=frozenset({"finance:read", "finance:write"}),
        can_call_internal=True,
        can_trigger_workflows=True,
    )

    async def lenient(admission: _admission.Admission, scope: Scope, callers: Any) -> Principal:
        if any(name == b"x-inngest-signature" for name, _ in scope["headers"]):
            return engine
        return await admit(admission, scope, callers)

    patch.setattr(_admission.Admission, "admit", lenient)


def _rpc_workflows_mount(patch: pytest.MonkeyPatch) -> None:
    """Workflow procedures have an RPC family of their own."""

    def add(resources: Resources, mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
        handler = RPCHandler(resources.manifest.workflows.create_router())
        prefix = "/rpc/workflows"
        app = handler.asgi(prefix=prefix, context=contexts_of(resources).for_workflows)
        return (Mount(prefix, app), *mounts)

    _rebuild(patch, add)


def _talkative_ingress(patch: pytest.MonkeyPatch) -> None:
    """The ingress refuses as an API would: typed, and with a hint how to sign in."""
    body = msgspec.json.encode({"defined": False, "code": "FORBIDDEN", "status": 403})
    headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]

    def wrap(app: ASGIApp) -> ASGIApp:
        async def talkative(scope: Scope, receive: Receive, send: Send) -> None:
            refused = False

            async def tell(message: Message) -> None:
                nonlocal refused
                if message["type"] == "http.response.start" and message["status"] == 403:
                    refused, message = True, {**message, "headers": headers}
                elif refused and message["type"] == "http.response.body":
                    message = {**message, "body": body}
                await send(message)

            await app(scope, receive, tell)

        return talkative

    _rebuild(patch, lambda _, mounts: tuple(_only((INGRESS,), wrap, mount) for mount in mounts))


def _self_caller(patch: pytest.MonkeyPatch) -> None:
    """Every route family asks the host itself over HTTP before it answers."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def calling(scope: Scope, receive: Receive, send: Send) -> None:
            host, port = scope["server"]
            async with httpx2.AsyncClient(trust_env=False, timeout=2) as client:
                with suppress(httpx2.HTTPError):  # in process, nobody listens
                    await client.get(f"http://{host}:{port}/health")
            await app(scope, receive, send)

        return calling

    def around(_: Resources, mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
        return tuple(_only(_FAMILIES, wrap, mount) for mount in mounts)

    _rebuild(patch, around)


MUTANTS: Final[Mapping[str, Mutant]] = {
    suite.INGRESS_FROM_CALLERS: _open_ingress,
    suite.SPOOFED_INGRESS: _trusting_ingress,
    suite.RPC_FROM_EXTERNALS: _rpc_for_all,
    suite.RPC_FROM_RUNTIME: _engine_is_a_caller,
    suite.RPC_WORKFLOWS: _rpc_workflows_mount,
    suite.NO_CALLER_SEMANTICS: _talkative_ingress,
    suite.NO_SELF_CALL: _self_caller,
}
"""By negative key, the host on which every running suite's cell of that key must fail."""


def _only(prefixes: Collection[str], wrap: Callable[[ASGIApp], ASGIApp], mount: Mount) -> Mount:
    return replace(mount, app=wrap(mount.app)) if mount.prefix in prefixes else mount


def _rebuild(patch: pytest.MonkeyPatch, change: Rebuild) -> None:
    def build(resources: Resources) -> MountTable:
        return MountTable(change(resources, build_mounts(resources).mounts))

    patch.setattr(_boot, "BootStages", partial(_boot.BootStages, build_mounts=build))
