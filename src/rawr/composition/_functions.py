"""The durable functions of an HQ: made with one client, and checked against what is emitted."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import inngest

from rawr.durable.domain.matching import patterns_for

from ._capability import Capability, InngestFunction, WorkflowSurface
from ._errors import CompositionError
from ._place import place_of, written_in
from ._refusals import surface_name, twice

Made: TypeAlias = tuple[Capability[Any], InngestFunction]


def make_functions(
    capability: Capability[Any],
    surface: WorkflowSurface[Any],
    client: inngest.Inngest,
    ports: object,
) -> list[Made]:
    """The functions of one capability.

    Raises:
        CompositionError: It changed the client's middleware in front of the host's own, or used
            another client.
    """
    baseline = tuple(client.middleware)
    functions = surface.create_functions(client, ports)
    kept = client.middleware[: len(baseline)]
    if len(kept) != len(baseline) or any(a is not b for a, b in zip(kept, baseline, strict=True)):
        raise CompositionError(
            f"{surface_name(capability, surface)} replaced or preceded the host's telemetry: "
            f"{written_in(surface.create_functions)} changed the client's middleware; give "
            "middleware to create_function, which runs it after the host's"
        )
    for function in functions:
        if function.id != f"{client.app_id}-{function.local_id}":
            raise CompositionError(
                f"{surface_name(capability, surface)} made {_named(function)} with a client of "
                "its own; use the client that create_functions is given"
            )
    return [(capability, function) for function in functions]


def refuse_misfits(capabilities: Sequence[Capability[Any]], made: Sequence[Made]) -> None:
    """Refuse functions that clash, and events that no function or several paths lead to.

    Raises:
        CompositionError: Naming all of them, with their files.
    """
    emitted = frozenset(
        event.name for item in capabilities if item.workflows for event in item.workflows.events
    )
    problems = [*_same_ids(made), *_unheard(capabilities, made), *_second_triggers(emitted, made)]
    if problems:
        raise CompositionError("; ".join(problems))


def _same_ids(made: Sequence[Made]) -> Iterator[str]:
    by_id = ((function.id, f"{item.name}, {_named(function)}") for item, function in made)
    for function_id, claimants in twice(by_id):
        yield (
            f"the durable function {function_id} is declared twice: by {claimants}; "
            "give one another fn_id"
        )


def _unheard(capabilities: Sequence[Capability[Any]], made: Sequence[Made]) -> Iterator[str]:
    heard = frozenset(name for _item, function in made for name in _events_of(function))
    surfaces = [(item, item.workflows) for item in capabilities if item.workflows is not None]
    for item, surface in surfaces:
        deaf = [it.name for it in surface.events if heard.isdisjoint(patterns_for(it.name))]
        if deaf:
            yield (
                f"no durable function listens to {', '.join(deaf)}, emitted by "
                f"{surface_name(item, surface)}; runs it queues would never start: return a "
                f"function with that trigger from {written_in(surface.create_functions)}, or "
                "declare in signals= what runs under way wait for"
            )


def _second_triggers(emitted: frozenset[str], made: Sequence[Made]) -> Iterator[str]:
    """Functions that two emitted events start; who listens by a wildcard only looks on."""
    for item, function in made:
        starts = sorted(emitted & _events_of(function))
        if len(starts) > 1:
            yield (
                f"{item.name}, {_named(function)} has {len(starts)} trigger paths: "
                f"{' and '.join(starts)}; a behaviour has one, so emit one of these events only"
            )


def _events_of(function: InngestFunction) -> frozenset[str]:
    triggers = function.get_config("").main.triggers
    return frozenset(
        trigger.event for trigger in triggers if isinstance(trigger, inngest.TriggerEvent)
    )


def _named(function: InngestFunction) -> str:
    return f"function {function.local_id} ({place_of(function._handler)})"  # noqa: SLF001 - the SDK tells no file
