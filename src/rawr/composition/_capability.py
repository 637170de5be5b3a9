"""Capabilities: what a host composes. Cold declarations; nothing runs until it is bound."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import inngest

from rawr.contract import Contract
from rawr.coordination import EventType
from rawr.procedure import Router
from rawr.sqlite import MigrationSet

from ._boundary import ApiBoundary, WorkflowBoundary
from ._errors import CompositionError
from ._ports import HostPorts

Ports = TypeVar("Ports")

InngestFunction: TypeAlias = inngest.Function[Any]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RESERVED = frozenset({"workflows"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSurface(Generic[Ports]):
    """The API plugin of a capability."""

    contract: type[Contract]
    create_router: Callable[[], Router[Any]]
    create_context: Callable[[ApiBoundary, Ports], object]
    """Builds the plugin's own context, once per request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSurface(Generic[Ports]):
    """The workflow plugin of a capability: triggers and status, and durable functions."""

    contract: type[Contract]
    create_router: Callable[[], Router[Any]]
    create_context: Callable[[WorkflowBoundary, Ports], object]
    """Builds the plugin's own context, once per request."""
    create_functions: Callable[[inngest.Inngest, Ports], Sequence[InngestFunction]]
    events: tuple[EventType[Any], ...] = ()
    """Every event a trigger of this surface emits; each needs a function that listens."""
    signals: tuple[EventType[Any], ...] = ()
    """Every event it sends to runs under way: they wait for it, or it cancels them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSurface:
    """The web plugin of a capability: a micro-frontend, built to static files."""

    title: str
    """What people read: on the host's pages and in the browser's tab."""
    directory: Path
    """The built files; the host serves them and nothing around them."""
    entry: str = "index.js"
    """The module that exports `mount(element, context)`."""
    style: str = "index.css"
    """A style sheet for the page; a plugin may do without."""

    @property
    def source(self) -> Path:
        """The folder that is built: it holds `package.json` and the directory."""
        return self.directory.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability(Generic[Ports]):
    """A domain package with the plugins that put it on the wire and make it durable."""

    name: str
    """Attribute and wire name, such as `invoicing`."""
    provide: Callable[[HostPorts], Ports]
    """Binds the package to what the host owns; the only place where they meet."""
    api: ApiSurface[Ports] | None = None
    workflows: WorkflowSurface[Ports] | None = None
    web: WebSurface | None = None
    roles: frozenset[str] = frozenset()
    """The roles its procedures ask for."""
    migrations: tuple[MigrationSet, ...] = ()
    """The tables it keeps in the host's database."""


def define_api_surface(
    *,
    contract: type[Contract],
    create_router: Callable[[], Router[Any]],
    create_context: Callable[[ApiBoundary, Ports], object],
) -> ApiSurface[Ports]:
    """Declare an API plugin."""
    return ApiSurface(contract=contract, create_router=create_router, create_context=create_context)


def define_workflow_surface(
    *,
    contract: type[Contract],
    create_router: Callable[[], Router[Any]],
    create_context: Callable[[WorkflowBoundary, Ports], object],
    create_functions: Callable[[inngest.Inngest, Ports], Sequence[InngestFunction]],
    events: Sequence[EventType[Any]] = (),
    signals: Sequence[EventType[Any]] = (),
) -> WorkflowSurface[Ports]:
    """Declare a workflow plugin.

    `events` start runs (`Dispatch.send`), `signals` reach those under way (`Dispatch.signal`).

    Raises:
        CompositionError: An event is declared as both.
    """
    both = {event.name for event in events} & {signal.name for signal in signals}
    if both:
        raise CompositionError(
            f"{', '.join(sorted(both))} would start runs and reach those under way; "
            "make it two events, one in events= and one in signals="
        )
    return WorkflowSurface(
        contract=contract,
        create_router=create_router,
        create_context=create_context,
        create_functions=create_functions,
        events=tuple(events),
        signals=tuple(signals),
    )


def define_web_surface(
    *, title: str, directory: Path, entry: str = "index.js", style: str = "index.css"
) -> WebSurface:
    """Declare a web plugin; its files are looked for when the host boots.

    Raises:
        CompositionError: The directory is not absolute, so it would move with the process.
    """
    if not directory.is_absolute():
        raise CompositionError(
            f"web plugin {title}: {directory} is not absolute; write Path(__file__).parent / 'dist'"
        )
    return WebSurface(title=title, directory=directory, entry=entry, style=style)


def define_capability(
    name: str,
    *,
    provide: Callable[[HostPorts], Ports],
    api: ApiSurface[Ports] | None = None,
    workflows: WorkflowSurface[Ports] | None = None,
    web: WebSurface | None = None,
    roles: Collection[str] = (),
    migrations: Sequence[MigrationSet] = (),
) -> Capability[Ports]:
    """Declare a capability.

    Raises:
        CompositionError: The name is not a plain lower-case identifier or is that of a route
            family, or it has no surface.
    """
    if _NAME.fullmatch(name) is None:
        raise CompositionError(f"capability {name!r}: use a lower-case name such as 'invoicing'")
    if name in _RESERVED:
        raise CompositionError(
            f"capability {name}: /rpc/{name} would be a route family of its own, and there is "
            "none; name the capability after what it does"
        )
    if api is None and workflows is None:
        raise CompositionError(f"capability {name}: give it an api or a workflows surface")
    return Capability(
        name=name,
        provide=provide,
        api=api,
        workflows=workflows,
        web=web,
        roles=frozenset(roles),
        migrations=tuple(migrations),
    )
