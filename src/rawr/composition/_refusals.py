"""What capabilities that are composed must not have in common; every refusal names both sides."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from rawr.contract import Contract, ProcedureContract, walk

from ._capability import ApiSurface, Capability, WorkflowSurface
from ._errors import CompositionError
from ._place import place_of, procedure_in, written_in

_PARAMETER = re.compile(r"\{(\+?)[^{}]*\}")  # its name does not tell routes apart

Surface: TypeAlias = ApiSurface[Any] | WorkflowSurface[Any]
K = TypeVar("K", bound=Hashable)


def refuse_clashes(capabilities: Sequence[Capability[Any]]) -> None:
    """Refuse capabilities that cannot be served side by side.

    Raises:
        CompositionError: Naming everything that clashes, with its files.
    """
    problems = [*_names(capabilities)]
    problems = problems or [*_routes(capabilities, "api"), *_routes(capabilities, "workflows")]
    problems += [*_second_emitters(capabilities), *_second_surfaces(capabilities)]
    if problems:
        raise CompositionError("; ".join(problems))


def twice(pairs: Iterable[tuple[K, str]]) -> Iterator[tuple[K, str]]:
    """The keys that several claim, each with its claimants as text."""
    claimants: defaultdict[K, list[str]] = defaultdict(list)
    for key, claimant in pairs:
        claimants[key].append(claimant)
    return ((key, " and by ".join(names)) for key, names in claimants.items() if len(names) > 1)


def surface_name(capability: Capability[Any], surface: Surface) -> str:
    """A plugin as messages call it."""
    kind = "workflow" if isinstance(surface, WorkflowSurface) else "api"
    return f"the {kind} plugin of {capability.name} ({place_of(surface.contract)})"


def _names(capabilities: Sequence[Capability[Any]]) -> Iterator[str]:
    for name, claimants in twice((item.name, written_in(item.provide)) for item in capabilities):
        yield (
            f"the namespace {name} is declared twice: by {claimants}; "
            "give one of these capabilities another name"
        )


def _routes(capabilities: Sequence[Capability[Any]], kind: str) -> Iterator[str]:
    """Routes, and first segments of paths, that belong to two procedures or capabilities."""
    surfaces = [(item, getattr(item, kind)) for item in capabilities]
    declared = [
        (
            f"{method} {path}",
            _first(path),
            item,
            f"{item.name}, {procedure_in(surface.contract, attributes)}",
        )
        for item, surface in surfaces
        if surface is not None
        for method, path, attributes in _paths(surface.contract)
    ]
    shared = [*twice((route, where) for route, _first_segment, _item, where in declared)]
    for route, claimants in shared:
        yield (
            f"the route {route} is declared twice: by {claimants}; give one another path or prefix"
        )
    if not shared:
        owners = {
            (first, item.name): surface_name(item, getattr(item, kind))
            for _route, first, item, _where in declared
        }
        for first, claimants in twice((first, text) for (first, _), text in owners.items()):
            yield (
                f"the namespace /{first} is declared twice: by {claimants}; "
                "give each a prefix of its own, such as the name of its capability"
            )


def _paths(contract: type[Contract]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for place in walk(contract):
        route = place.contract.definition.route
        path = _PARAMETER.sub(r"{\1}", route.path or "/" + "/".join(place.path))
        yield route.effective_method, path, place.attributes


def _first(path: str) -> str:
    return path.strip("/").partition("/")[0]


def _second_emitters(capabilities: Sequence[Capability[Any]]) -> Iterator[str]:
    emitted = (
        (event.name, surface_name(item, item.workflows))
        for item in capabilities
        if item.workflows is not None
        for event in item.workflows.events
    )
    for event, claimants in twice(emitted):
        yield (
            f"the event {event} is emitted twice: by {claimants}; a behaviour has one trigger "
            "path, so let one of them emit it and the other call that one"
        )


def _second_surfaces(capabilities: Sequence[Capability[Any]]) -> Iterator[str]:
    """What an API plugin and a workflow plugin both serve, reading aside."""
    workflows = {
        _behaviour(procedure): surface_name(item, item.workflows)
        for item in capabilities
        if item.workflows is not None
        for _name, procedure in _triggers(item.workflows.contract)
    }
    surfaces = [(item, item.api) for item in capabilities if item.api is not None]
    for item, surface in surfaces:
        for name, procedure in _triggers(surface.contract):
            other = workflows.get(_behaviour(procedure))
            if other is not None:
                yield (
                    f"{name} is served twice: by {other} and by {surface_name(item, surface)}; a "
                    "behaviour has one trigger path, so leave it to the workflow plugin, where "
                    "first parties reach it over /rpc too"
                )


def _triggers(contract: type[Contract]) -> Iterator[tuple[str, ProcedureContract[Any, Any]]]:
    for name, procedure in contract.contract_procedures.items():
        if procedure.definition.route.effective_method != "GET":
            yield f"{contract.__name__}.{name}", procedure
    for child in contract.contract_children.values():
        yield from _triggers(child)


def _behaviour(procedure: ProcedureContract[Any, Any]) -> Hashable:
    """What a procedure and its copy behind another prefix have in common."""
    definition = procedure.definition
    called = (definition.route.path or procedure.name).rpartition("/")[2]
    return called, id(definition.input), id(definition.output)
