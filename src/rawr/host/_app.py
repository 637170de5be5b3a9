"""The route families of a host, mounted in their one order."""

from dataclasses import replace
from typing import Any

from starlette.types import ASGIApp

from rawr.composition import BoundManifest, Manifest, NetworkPolicy
from rawr.http import OpenAPIHandler, RPCHandler, WebsocketLimits, any_origin
from rawr.openapi import Section, generate_openapi

from ._admission import Admission
from ._contexts import BoundaryContexts
from ._deadline import BodyDeadline
from ._ingress import audited_ingress
from ._metrics import MetricsPage
from ._mounts import Mount, MountTable
from ._overload import Gate
from ._pages import Pages
from ._reference import reference_mounts
from ._resources import Resources
from ._settings import Settings
from ._web_plugins import WebPlugins, plugin_files
from ._websockets import MESSAGES_PER_CALL, SocketDoor
from .identity import (
    ABSOLUTE_LIFETIME,
    CookiePolicy,
    KeyedLimit,
    OriginPolicy,
)

INGRESS = "/api/inngest"
WORKFLOWS = "/api/workflows"
RPC = "/rpc"
API = "/api/orpc"
OPENAPI_DOCUMENT = f"{API}/openapi.json"
REFERENCE = f"{API}/reference"


def build_mounts(resources: Resources) -> MountTable:
    """Ingress, workflows, RPC, API, in this order; then infrastructure."""
    manifest, contexts = resources.manifest, _contexts(resources)
    limit, gate = resources.settings.max_body_bytes, Gate(resources.settings.max_concurrency)
    timed = BodyDeadline(seconds=resources.settings.body_seconds)
    workflows = OpenAPIHandler(manifest.workflows.create_router(), max_body_bytes=limit)
    rpc = RPCHandler(manifest.orpc.create_router(), max_body_bytes=limit)
    api = OpenAPIHandler(manifest.api.create_router(), max_body_bytes=limit)
    on_workflows = workflows.asgi(prefix=WORKFLOWS, context=contexts.for_workflows)
    on_rpc = rpc.asgi(prefix=RPC, context=contexts.for_rpc)
    on_api = api.asgi(prefix=API, context=contexts.for_api)
    plugins = plugin_files(manifest, resources.settings)
    pages = replace(_pages(resources), plugins=tuple(plugins.values()))
    web = WebPlugins(
        hq=resources.manifest.name,
        plugins=plugins,
        signed_in=pages.signed_in,
        new_id=resources.new_id,
    )
    return MountTable(
        (
            Mount(
                INGRESS,
                timed.guard_plain(
                    audited_ingress(resources.ingress, resources.settings.trusted_proxies)
                ),
            ),
            Mount(WORKFLOWS, gate.guard(timed.guard(on_workflows))),
            Mount(
                RPC,
                gate.guard(timed.guard_rpc(on_rpc), speaks_rpc=True),
                websocket=gate.guard(_sockets(resources, contexts, gate), speaks_rpc=True),
            ),
            *reference_mounts(
                openapi_document(manifest), document_path=OPENAPI_DOCUMENT, page_path=REFERENCE
            ),
            Mount(API, gate.guard(timed.guard(on_api))),
            web.mount(),
            MetricsPage(bundle=resources.bundle, admission=contexts.admission).mount(),
            *(replace(mount, app=timed.guard_plain(mount.app)) for mount in pages.mounts()),
        )
    )


def openapi_document(manifest: Manifest) -> dict[str, Any]:
    """The published document: what third parties may call, and nothing else."""
    return generate_openapi(
        [
            Section(source=manifest.api.contract, prefix=API),
            Section(source=manifest.workflows.contract, prefix=WORKFLOWS),
        ],
        title=manifest.name,
        version="1.0.0",
        default_error=True,
        base={
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "security": [{"bearer": []}],
        },
    )


def _sockets(resources: Resources, contexts: BoundaryContexts, gate: Gate) -> ASGIApp:
    """The procedures of `/rpc` over websockets, behind the same admission."""
    limit = resources.settings.max_body_bytes
    rpc = RPCHandler(
        resources.manifest.orpc.create_router(),
        interceptors=(gate.count_call,),
        max_body_bytes=limit,
    )
    rate = resources.settings.rate_limit
    door = SocketDoor(
        admission=contexts.admission,
        messages=None
        if rate is None
        else KeyedLimit(per_minute=rate * MESSAGES_PER_CALL, now=lambda: resources.now_ms() / 1000),
    )
    return door.guard(
        rpc.websocket(
            context=contexts.for_rpc,
            check_origin=any_origin,  # the door has asked, by the HQ's own address
            limits=WebsocketLimits(max_frame_bytes=limit),
        )
    )


def _contexts(resources: Resources) -> BoundaryContexts:
    bound: BoundManifest = resources.bound
    settings = resources.settings
    signals = bound.signals()
    return BoundaryContexts(
        admission=_admission(resources),
        network=NetworkPolicy(
            trusted_cidrs=settings.trusted_cidrs, enforce_internal_only=settings.internal_only
        ),
        trusted_proxies=settings.trusted_proxies,
        new_id=resources.new_id,
        dispatches={
            name: resources.coordination.dispatch.limited_to(events, signals=signals[name])
            for name, events in bound.events().items()
        },
        api=bound.api_contexts(),
        workflows=bound.workflow_contexts(),
    )


def _admission(resources: Resources) -> Admission:
    settings = resources.settings
    rate: KeyedLimit[tuple[str, str]] | None = None
    if settings.rate_limit is not None:
        rate = KeyedLimit(per_minute=settings.rate_limit, now=lambda: resources.now_ms() / 1000)
    return Admission(
        identity=resources.access.identity,
        cookie_name=_cookie(settings).name,
        origins=OriginPolicy(public_origin=settings.public_url),
        trusted_proxies=settings.trusted_proxies,
        rate=rate,
    )


def _cookie(settings: Settings) -> CookiePolicy:
    is_secure = settings.mode == "production" or (settings.public_url or "").startswith("https:")
    return CookiePolicy(secure=is_secure, max_age=ABSOLUTE_LIFETIME)


def _pages(resources: Resources) -> Pages:
    settings = resources.settings
    return Pages(
        hq=resources.manifest.name,
        access=resources.access,
        runs=resources.coordination.all_runs,
        readiness=resources.readiness,
        capabilities={item.name: item.roles for item in resources.manifest.capabilities},
        cookie=_cookie(settings),
        origins=OriginPolicy(public_origin=settings.public_url),
        trusted_proxies=settings.trusted_proxies,
        engine=resources.bundle.place,
        on_access_changed=resources.on_access_changed,
    )
