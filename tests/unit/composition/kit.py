"""A capability small enough to vary one thing at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import inngest

from rawr.composition import (
    ApiBoundary,
    Capability,
    HostPorts,
    WorkflowBoundary,
    define_api_surface,
    define_capability,
    define_workflow_surface,
)
from rawr.contract import Contract, get, post
from rawr.coordination import EventType, Runs, Workflow
from rawr.procedure import Router, implement
from rawr.schema import Schema
from rawr.sqlite import Database


class Text(Schema):
    """What these procedures take and give."""

    text: str = ""


@dataclass(slots=True)
class Seen:
    """What a capability was given, in order."""

    ports: list[HostPorts] = field(default_factory=list)
    boundaries: list[ApiBoundary | WorkflowBoundary] = field(default_factory=list)
    contexts: list[object] = field(default_factory=list)
    clients: list[inngest.Inngest] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """The context of one call: its boundary and the ports of its capability."""

    boundary: ApiBoundary | WorkflowBoundary
    ports: str


def api_contract(prefix: str, *, publish: bool = True) -> type[Contract]:
    class SmallApi(Contract, prefix=prefix, publish=publish):
        echo_text = post("/echo").input(Text).output(Text)

    return SmallApi


def workflow_contract(prefix: str, *, publish: bool = True) -> type[Contract]:
    class SmallWorkflows(Contract, prefix=prefix, publish=publish):
        read_text = get("/read").input(Text).output(Text)

    return SmallWorkflows


def host_ports() -> HostPorts:
    """Ports that nothing is read from or written to."""
    return HostPorts(
        runs=cast("Callable[[Workflow], Runs]", None),
        database=cast("Database", None),
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        new_id=lambda: "id-1",
    )


def functions(
    *triggers: tuple[str, str],
) -> Callable[[inngest.Inngest, str], Sequence[inngest.Function[Any]]]:
    """Durable functions by id and the event each listens to."""

    def create(client: inngest.Inngest, _ports: str) -> Sequence[inngest.Function[Any]]:
        def make(fn_id: str, event: str) -> inngest.Function[Any]:
            @client.create_function(fn_id=fn_id, trigger=inngest.TriggerEvent(event=event))
            async def nothing(ctx: inngest.Context) -> None: ...

            return nothing

        return [make(fn_id, event) for fn_id, event in triggers]

    return create


def capability(
    name: str = "alpha",
    *,
    prefix: str | None = None,
    events: Sequence[EventType[Any]] = (),
    listeners: Sequence[tuple[str, str]] = (),
    publish: bool = True,
    seen: Seen | None = None,
    **more: Any,
) -> Capability[str]:
    """A capability with both surfaces; its ports are its name."""
    prefix = f"/{name}" if prefix is None else prefix
    seen = seen or Seen()
    api = api_contract(prefix, publish=publish)
    workflows = workflow_contract(prefix, publish=publish)

    def provide(ports: HostPorts) -> str:
        seen.ports.append(ports)
        return name

    def create_context(boundary: ApiBoundary | WorkflowBoundary, ports: str) -> Context:
        context = Context(boundary, ports)
        seen.boundaries.append(boundary)
        seen.contexts.append(context)
        return context

    def router(contract: type[Contract], procedure: Any) -> Callable[[], Router[Context]]:
        def create() -> Router[Context]:
            os = implement(contract, Context)

            async def answer(context: Context, input: Text) -> Text:
                return Text(text=f"{context.ports}:{input.text}")

            os.handler(procedure)(answer)
            return os.router()

        return create

    def create_functions(client: inngest.Inngest, ports: str) -> Sequence[inngest.Function[Any]]:
        seen.clients.append(client)
        return functions(*listeners)(client, ports)

    return define_capability(
        name,
        provide=provide,
        api=define_api_surface(
            contract=api,
            create_router=router(api, vars(api)["echo_text"]),
            create_context=create_context,
        ),
        workflows=define_workflow_surface(
            contract=workflows,
            create_router=router(workflows, vars(workflows)["read_text"]),
            create_context=create_context,
            create_functions=create_functions,
            events=events,
        ),
        **more,
    )
