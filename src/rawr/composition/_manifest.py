"""The manifest: capabilities composed into the routers, functions and events of one HQ."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import inngest

from rawr.contract import Contract, compose_contracts, walk
from rawr.coordination import EventType
from rawr.procedure import Router, compose_routers
from rawr.sqlite import MigrationSet

from ._boundary import ApiBoundary, WorkflowBoundary
from ._capability import Capability, CompositionError, InngestFunction
from ._ports import HostPorts

API = "api"
WORKFLOWS = "workflows"

_PARAMETER = re.compile(r"\{(\+?)[^{}]*\}")  # its name does not tell routes apart

ApiContextFactory = Callable[[ApiBoundary], object]
WorkflowContextFactory = Callable[[WorkflowBoundary], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterManifest:
    """A composed contract and what makes its router; making one has no side effect."""

    contract: type[Contract]
    create_router: Callable[[], Router[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an HQ is made of. Importing one has no side effect; the host binds it."""

    capabilities: tuple[Capability[Any], ...]
    orpc: RouterManifest
    """The first-party view: every capability with its `api` and its `workflows`."""
    api: RouterManifest
    """The API surfaces, as `/api/orpc` serves them."""
    workflows: RouterManifest
    """The workflow surfaces, as `/api/workflows` serves them."""

    @property
    def events(self) -> tuple[EventType[Any], ...]:
        """Every event the triggers may emit."""
        surfaces = (item.workflows for item in self.capabilities)
        return tuple(event for surface in surfaces if surface for event in surface.events)

    @property
    def roles(self) -> frozenset[str]:
        """Every role a procedure may ask for."""
        return frozenset[str]().union(*(item.roles for item in self.capabilities))

    @property
    def migrations(self) -> tuple[MigrationSet, ...]:
        """The tables capabilities keep in the host's database."""
        return tuple(found for item in self.capabilities for found in item.migrations)

    def bind(self, ports: HostPorts) -> "BoundManifest":
        """Bind every capability to the host's resources, once."""
        return BoundManifest(self, {item.name: item.provide(ports) for item in self.capabilities})


class BoundManifest:
    """A manifest with its capabilities bound: contexts and functions can now be made."""

    def __init__(self, manifest: Manifest, ports: Mapping[str, Any]) -> None:
        self.manifest = manifest
        self._ports = dict(ports)

    def api_contexts(self) -> Mapping[str, ApiContextFactory]:
        """For each capability with an API surface, what builds its context."""
        return {
            item.name: _with_ports(item.api.create_context, self._ports[item.name])
            for item in self.manifest.capabilities
            if item.api is not None
        }

    def workflow_contexts(self) -> Mapping[str, WorkflowContextFactory]:
        """For each capability with a workflow surface, what builds its context."""
        return {
            item.name: _with_ports(item.workflows.create_context, self._ports[item.name])
            for item in self.manifest.capabilities
            if item.workflows is not None
        }

    def functions(self, client: inngest.Inngest) -> list[InngestFunction]:
        """Every durable function, made with the one client of the process.

        Raises:
            CompositionError: Two functions share an id, or an event has no function.
        """
        functions = [
            function
            for item in self.manifest.capabilities
            if item.workflows is not None
            for function in item.workflows.create_functions(client, self._ports[item.name])
        ]
        _require_unique("durable function", [function.id for function in functions])
        _require_listeners(self.manifest.events, functions)
        return functions


def compose_capabilities(
    capabilities: Sequence[Capability[Any]], *, contract: type[Contract] | None = None
) -> Manifest:
    """Compose capabilities into a manifest.

    `contract` is the HQ's contract written out, for clients that want to be typed from its
    root; it must say what the capabilities say.

    Raises:
        CompositionError: Two capabilities share a name, or two procedures a route; or the
            contract differs from the capabilities.
        ContractError: A capability's name is taken by clients, or by another one on the wire.
    """
    capabilities = tuple(capabilities)
    _require_unique("capability", [item.name for item in capabilities])
    nodes = {item.name: _node(item) for item in capabilities}
    root = contract or compose_contracts("HQ", nodes)
    _require_same(root, nodes)
    manifest = Manifest(
        capabilities=capabilities,
        orpc=RouterManifest(contract=root, create_router=lambda: _orpc_router(root, capabilities)),
        api=_surfaces("Api", {item.name: item.api for item in capabilities if item.api}),
        workflows=_surfaces(
            "Workflows", {item.name: item.workflows for item in capabilities if item.workflows}
        ),
    )
    for surface in (manifest.api, manifest.workflows):
        _require_unique("route", list(_routes(surface.contract)))
    return manifest


def _node(capability: Capability[Any]) -> type[Contract]:
    surfaces = {API: capability.api, WORKFLOWS: capability.workflows}
    contracts = {name: surface.contract for name, surface in surfaces.items() if surface}
    return compose_contracts(capability.name.title(), contracts)


def _require_same(root: type[Contract], nodes: Mapping[str, type[Contract]]) -> None:
    written = {name: child.contract_children for name, child in root.contract_children.items()}
    composed = {name: node.contract_children for name, node in nodes.items()}
    different = sorted(
        name for name in {*written, *composed} if written.get(name) != composed.get(name)
    )
    if different:
        raise CompositionError(
            f"the contract {root.__name__} and the capabilities differ in {', '.join(different)}; "
            "a capability is a nested contract with its `api` and `workflows` contracts"
        )


def _orpc_router(root: type[Contract], capabilities: Sequence[Capability[Any]]) -> Router[Any]:
    children: dict[str, Router[Any]] = {}
    for item in capabilities:
        surfaces = {API: item.api, WORKFLOWS: item.workflows}
        routers = {name: surface.create_router() for name, surface in surfaces.items() if surface}
        children[item.name] = compose_routers(root.contract_children[item.name], routers)
    return compose_routers(root, children)


def _surfaces(name: str, surfaces: Mapping[str, Any]) -> RouterManifest:
    contract = compose_contracts(name, {key: surface.contract for key, surface in surfaces.items()})

    def create_router() -> Router[Any]:
        routers = {key: surface.create_router() for key, surface in surfaces.items()}
        return compose_routers(contract, routers)

    return RouterManifest(contract=contract, create_router=create_router)


def _with_ports(create: Callable[[Any, Any], object], ports: Any) -> Callable[[Any], object]:
    return lambda boundary: create(boundary, ports)


def _routes(contract: type[Contract]) -> Iterator[str]:
    for place in walk(contract):
        route = place.contract.definition.route
        path = _PARAMETER.sub(r"{\1}", route.path or "/" + "/".join(place.path))
        yield f"{route.effective_method} {path}"


def _require_unique(what: str, names: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise CompositionError(f"{what} declared twice: {', '.join(twice)}")


def _require_listeners(
    events: Sequence[EventType[Any]], functions: Sequence[InngestFunction]
) -> None:
    heard = {
        getattr(trigger, "event", None)
        for function in functions
        for trigger in function.get_config("").main.triggers
    }
    deaf = [event.name for event in events if event.name not in heard]
    if deaf:
        raise CompositionError(
            f"no durable function listens to {', '.join(deaf)}; runs it queues would never start"
        )
