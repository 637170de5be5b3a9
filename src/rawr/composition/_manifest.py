"""The manifest: capabilities composed into the routers, functions and events of one HQ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import inngest

from rawr.contract import Contract, ContractError, compose_contracts
from rawr.coordination import EventType
from rawr.procedure import Router, compose_routers
from rawr.sqlite import MigrationSet

from ._boundary import ApiBoundary, WorkflowBoundary
from ._capability import Capability, InngestFunction, WebSurface
from ._errors import CompositionError
from ._functions import make_functions, refuse_misfits
from ._place import written_in
from ._ports import HostPorts
from ._refusals import Surface, refuse_clashes, surface_name

API = "api"
WORKFLOWS = "workflows"
DEFAULT_NAME = "HQ"

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
    name: str = DEFAULT_NAME
    """What people call the HQ: on its pages, and as the title of its published API."""

    @property
    def events(self) -> tuple[EventType[Any], ...]:
        """Every event the triggers may emit."""
        surfaces = (item.workflows for item in self.capabilities)
        return tuple(event for surface in surfaces if surface for event in surface.events)

    @property
    def web(self) -> Mapping[str, WebSurface]:
        """The web plugins, by capability."""
        return {item.name: item.web for item in self.capabilities if item.web is not None}

    @property
    def roles(self) -> frozenset[str]:
        """Every role a procedure may ask for."""
        return frozenset[str]().union(*(item.roles for item in self.capabilities))

    @property
    def migrations(self) -> tuple[MigrationSet, ...]:
        """The tables capabilities keep in the host's database."""
        return tuple(found for item in self.capabilities for found in item.migrations)

    def require_routers(self) -> None:
        """Make every router once, to be sure that each procedure has its handler.

        Raises:
            CompositionError: Naming the plugin and the procedures it leaves unimplemented.
        """
        self.orpc.create_router()

    def bind(self, ports: HostPorts) -> "BoundManifest":
        """Bind every capability to the host's resources, once.

        Raises:
            CompositionError: Packages need each other to be bound.
        """
        bound = {item.name: ports.package(item.provide) for item in self.capabilities}
        return BoundManifest(self, bound)


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

    def events(self) -> Mapping[str, frozenset[str]]:
        """For each capability with a workflow surface, the names of the events it emits."""
        return {
            item.name: frozenset(event.name for event in item.workflows.events)
            for item in self.manifest.capabilities
            if item.workflows is not None
        }

    def signals(self) -> Mapping[str, frozenset[str]]:
        """For each capability with a workflow surface, the events it sends to runs under way."""
        return {
            item.name: frozenset(event.name for event in item.workflows.signals)
            for item in self.manifest.capabilities
            if item.workflows is not None
        }

    def functions(self, client: inngest.Inngest) -> list[InngestFunction]:
        """Every durable function, made with the one client of the process.

        Raises:
            CompositionError: Functions share an id, an event has no function or a function two
                trigger paths, or a plugin tampers with the client; naming the culprits.
        """
        made = [
            one
            for item in self.manifest.capabilities
            if item.workflows is not None
            for one in make_functions(item, item.workflows, client, self._ports[item.name])
        ]
        refuse_misfits(self.manifest.capabilities, made)
        return [function for _item, function in made]


def compose_capabilities(
    capabilities: Sequence[Capability[Any]],
    *,
    contract: type[Contract] | None = None,
    name: str = DEFAULT_NAME,
) -> Manifest:
    """Compose capabilities into a manifest; `name` is what people call the HQ.

    `contract` is the HQ's contract written out, for clients that want to be typed from its
    root; it must say what the capabilities say.

    Raises:
        CompositionError: Two capabilities share a name, a namespace, an event or a procedure, or
            two procedures a route; or the contract differs from the capabilities; or the HQ has
            no name.
        ContractError: A capability's name is taken by clients, or by another one on the wire.
    """
    if not name.strip():
        raise CompositionError("the name of the HQ is blank; write one, such as name='Acme'")
    capabilities = tuple(capabilities)
    refuse_clashes(capabilities)
    nodes = {item.name: _node(item) for item in capabilities}
    root = contract or compose_contracts("HQ", nodes)
    _require_same(root, nodes)
    return Manifest(
        capabilities=capabilities,
        name=name,
        orpc=RouterManifest(contract=root, create_router=lambda: _orpc_router(root, capabilities)),
        api=_surfaces("Api", [(item, item.api) for item in capabilities if item.api]),
        workflows=_surfaces(
            "Workflows", [(item, item.workflows) for item in capabilities if item.workflows]
        ),
    )


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
        routers = {name: _router(item, surface) for name, surface in surfaces.items() if surface}
        children[item.name] = compose_routers(root.contract_children[item.name], routers)
    return compose_routers(root, children)


def _surfaces(name: str, surfaces: Sequence[tuple[Capability[Any], Surface]]) -> RouterManifest:
    contract = compose_contracts(name, {item.name: it.contract for item, it in surfaces})

    def create_router() -> Router[Any]:
        routers = {item.name: _router(item, surface) for item, surface in surfaces}
        return compose_routers(contract, routers)

    return RouterManifest(contract=contract, create_router=create_router)


def _router(capability: Capability[Any], surface: Surface) -> Router[Any]:
    """The router of a plugin; whatever keeps it from being complete names the plugin."""
    plugin, maker = surface_name(capability, surface), written_in(surface.create_router)
    try:
        router = surface.create_router()
        _load(router)
    except ContractError as error:
        raise CompositionError(f"{plugin} cannot be served: {error}; mend {maker}") from error
    if router.contract is not surface.contract:
        raise CompositionError(
            f"{plugin} cannot be served: {maker} gave a router of {router.contract.__name__}, "
            f"not of {surface.contract.__name__}"
        )
    return router


def _load(router: Router[Any]) -> None:
    """Load what is lazy in a router, so that what is missing is found now and not by a caller."""
    _ = router.procedures
    for child in router.children.values():
        _load(child)


def _with_ports(create: Callable[[Any, Any], object], ports: Any) -> Callable[[Any], object]:
    return lambda boundary: create(boundary, ports)
