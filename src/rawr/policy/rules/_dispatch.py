"""Rules about starting runs: 16, 17, 18."""

from collections.abc import Iterator
from typing import Final

from rawr.policy._facts import ManifestFacts
from rawr.policy._place import Layer, Place
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._select import located, plugins
from ._sends import DISPATCH, Trigger, sends, triggers


def _only_triggers_send(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN):
        if file.place.is_durable or _is_trigger_module(file.place):
            continue
        for node in sends(tree, file):
            yield file.finding(node, "an event is sent outside a workflow trigger")
        if file.place.kind != "workflows":
            for imported in file.imports:
                if tree.canonical(imported.dotted) == DISPATCH:
                    yield file.finding(imported.node, "only workflow plugins hold a dispatch")


def _is_trigger_module(place: Place) -> bool:
    return place.kind == "workflows" and place.role in ("operations", "router")


def _one_path(tree: Tree) -> Iterator[Finding]:
    files = [file for file in plugins(tree, "api", "workflows") if file.place.is_boundary]
    first: dict[str, Trigger] = {}
    ordered = sorted(triggers(tree, files), key=_position)
    for trigger in ordered:
        other = first.setdefault(trigger.event, trigger)
        if other.procedure != trigger.procedure:
            message = (
                f"{_short(trigger.procedure)} sends {trigger.event}, "
                f"as {_short(other.procedure)} does"
            )
            yield trigger.file.finding(trigger.node, message)


def _position(trigger: Trigger) -> tuple[bool, str, int]:
    """Workflow plugins first, then in reading order: theirs is the path that stays."""
    line = getattr(trigger.node, "lineno", 0)
    return (trigger.file.place.kind != "workflows", trigger.file.path, line)


def _short(procedure: str) -> str:
    return ".".join(procedure.split(".")[-2:])


def _one_surface(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    owner: dict[str, str] = {}
    for capability in facts.capabilities:
        for surface in capability.surfaces:
            for event in surface.events:
                other = owner.setdefault(event, capability.name)
                if other != capability.name:
                    yield located(
                        tree,
                        f"{capability.name} emits {event}, as {other} does",
                        module=f"plugins.{surface.kind}.{capability.name}",
                    )


def _status_has_a_route(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    for capability in facts.capabilities:
        for surface in capability.surfaces:
            reads = any(procedure.method == "GET" for procedure in surface.procedures)
            if surface.events and not reads:
                yield located(
                    tree,
                    f"{surface.contract} starts runs, and none of its procedures reads them",
                    module=surface.module,
                    contract=surface.contract,
                )


RULES: Final = (
    Rule(
        number=16,
        title="Only workflow triggers send events",
        reason="a run that starts elsewhere has no permission check and no idempotency key",
        fix="call the trigger's operation in plugins/workflows/<capability>/operations, "
        "or make this a trigger of its own",
        source=_only_triggers_send,
    ),
    Rule(
        number=17,
        title="One behaviour has one trigger path",
        reason="two ways to start a run are two sets of checks, and one of them is forgotten",
        fix="let one procedure send the event, and the others call for it or go",
        source=_one_path,
        manifest=_one_surface,
    ),
    Rule(
        number=18,
        title="Run status is read from a caller-facing route",
        reason="callers without one poll the engine, which is not theirs to poll",
        fix="add a GET procedure for the status of a run to the workflow contract",
        manifest=_status_has_a_route,
    ),
)
