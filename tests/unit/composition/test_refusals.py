"""What capabilities may not do to each other or to the host: refused, and the culprit named."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import inngest
import pytest
from tests.unit.composition.kit import Context, Text, capability, functions, host_ports

from rawr.composition import (
    Capability,
    CompositionError,
    Manifest,
    compose_capabilities,
    define_api_surface,
    define_capability,
    define_workflow_surface,
)
from rawr.contract import Contract, get, post
from rawr.coordination import EventType
from rawr.procedure import Router, implement, lazy

Asked = EventType("alpha.asked", Text)
Again = EventType("alpha.asked_again", Text)
PORTS = host_ports()
HERE = "tests/unit/composition/test_refusals.py"
KIT = "tests/unit/composition/kit.py"


def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False)


def refusal(*capabilities: Capability[Any]) -> str:
    with pytest.raises(CompositionError) as refused:
        compose_capabilities(capabilities)
    return str(refused.value)


def refusal_of_functions(manifest: Manifest) -> str:
    with pytest.raises(CompositionError) as refused:
        manifest.bind(PORTS).functions(client())
    return str(refused.value)


def workflow_capability(
    create_functions: Any,
    *,
    name: str = "alpha",
    events: Sequence[EventType[Any]] = (),
) -> Capability[str]:
    small = capability(name)
    assert small.workflows is not None
    return define_capability(
        name,
        provide=lambda _ports: name,
        workflows=define_workflow_surface(
            contract=small.workflows.contract,
            create_router=small.workflows.create_router,
            create_context=small.workflows.create_context,
            create_functions=create_functions,
            events=events,
        ),
    )


def test_two_capabilities_of_one_name_are_named_by_what_provides_them() -> None:
    told = refusal(capability("alpha"), capability("alpha", prefix="/other"))
    assert told.startswith(
        f"the namespace alpha is declared twice: by capability.<locals>.provide ({KIT}:"
    )
    assert told.count(KIT) == 2
    assert told.endswith("give one of these capabilities another name")


def test_a_route_of_two_procedures_is_told_with_both() -> None:
    told = refusal(capability("alpha"), capability("beta", prefix="/alpha"))
    assert (
        f"the route POST /alpha/echo is declared twice: by alpha, SmallApi.echo_text ({KIT}) "
        f"and by beta, SmallApi.echo_text ({KIT}); give one another path or prefix"
    ) in told


class OtherWorkflows(Contract, prefix="/alpha"):
    forget_text = post("/forget").input(Text).output(Text)


def test_a_namespace_of_paths_belongs_to_one_capability() -> None:
    small = capability("beta")
    assert small.workflows is not None
    other = define_capability(
        "beta",
        provide=lambda _ports: "beta",
        workflows=define_workflow_surface(
            contract=OtherWorkflows,
            create_router=lambda: implement(OtherWorkflows, Context).router(),
            create_context=small.workflows.create_context,
            create_functions=functions(),
        ),
    )
    assert refusal(capability("alpha"), other) == (
        "the namespace /alpha is declared twice: by the workflow plugin of alpha "
        f"({KIT}) and by the workflow plugin of beta ({HERE}); "
        "give each a prefix of its own, such as the name of its capability"
    )


def test_an_event_has_one_plugin_that_emits_it() -> None:
    told = refusal(capability("alpha", events=[Asked]), capability("beta", events=[Asked]))
    assert told.startswith(
        f"the event alpha.asked is emitted twice: by the workflow plugin of alpha ({KIT}) "
        f"and by the workflow plugin of beta ({KIT}); a behaviour has one trigger path"
    )


def test_an_event_is_declared_once() -> None:
    assert "the event alpha.asked is emitted twice" in refusal(
        capability("alpha", events=[Asked, EventType("alpha.asked", Text)])
    )


class Twofold(Contract, prefix="/twofold"):
    trigger = OtherWorkflows.forget_text


def test_a_workflow_procedure_is_not_an_api_procedure_too() -> None:
    small = capability("twofold")
    assert small.api is not None
    assert small.workflows is not None

    def never() -> Router[Any]:
        raise AssertionError("composing makes no router")

    both = define_capability(
        "twofold",
        provide=lambda _ports: "",
        api=define_api_surface(
            contract=Twofold, create_router=never, create_context=small.api.create_context
        ),
        workflows=define_workflow_surface(
            contract=OtherWorkflows,
            create_router=never,
            create_context=small.workflows.create_context,
            create_functions=functions(),
        ),
    )
    assert refusal(both).startswith(
        f"Twofold.trigger is served twice: by the workflow plugin of twofold ({HERE}) and by "
        f"the api plugin of twofold ({HERE}); a behaviour has one trigger path"
    )


def test_a_function_has_one_trigger_path() -> None:
    def create(client: inngest.Inngest, _ports: object) -> list[inngest.Function[Any]]:
        triggers: list[inngest.TriggerCron | inngest.TriggerEvent] = [
            inngest.TriggerEvent(event="alpha.asked"),
            inngest.TriggerEvent(event="alpha.asked_again"),
        ]

        @client.create_function(fn_id="answer", trigger=triggers)
        async def answer(ctx: inngest.Context) -> None: ...

        return [answer]

    manifest = compose_capabilities([workflow_capability(create, events=[Asked, Again])])
    told = refusal_of_functions(manifest)
    assert told.startswith(f"alpha, function answer ({HERE}:")
    assert "has 2 trigger paths: alpha.asked and alpha.asked_again" in told


def test_what_listens_beside_the_function_is_no_second_path() -> None:
    listeners = [("answer", "alpha.asked"), ("log", "alpha.*"), ("old", "alpha.asked.v0")]
    manifest = compose_capabilities([capability(events=[Asked], listeners=listeners)])
    assert len(manifest.bind(PORTS).functions(client())) == 3


def test_a_wildcard_listens_to_an_event() -> None:
    manifest = compose_capabilities([capability(events=[Asked], listeners=[("log", "alpha.*")])])
    assert len(manifest.bind(PORTS).functions(client())) == 1


def test_a_signal_needs_no_function_that_it_starts() -> None:
    small = capability(events=[Asked], listeners=[("answer", "alpha.asked")])
    assert small.workflows is not None
    surface = dataclasses.replace(small.workflows, signals=(Again,))
    bound = compose_capabilities([dataclasses.replace(small, workflows=surface)]).bind(PORTS)
    assert len(bound.functions(client())) == 1
    assert bound.events() == {"alpha": {"alpha.asked"}}
    assert bound.signals() == {"alpha": {"alpha.asked_again"}}


def test_an_event_is_no_signal_too() -> None:
    small = capability(events=[Asked])
    assert small.workflows is not None
    with pytest.raises(CompositionError, match=r"^alpha\.asked would start runs and reach"):
        define_workflow_surface(
            contract=small.workflows.contract,
            create_router=small.workflows.create_router,
            create_context=small.workflows.create_context,
            create_functions=small.workflows.create_functions,
            events=[Asked],
            signals=[Again, Asked],
        )


def test_an_event_nobody_listens_to_names_its_plugin_and_where_a_function_belongs() -> None:
    told = refusal_of_functions(
        compose_capabilities([capability(events=[Asked], listeners=[("fn", "alpha.other")])])
    )
    assert told.startswith(
        "no durable function listens to alpha.asked, emitted by "
        f"the workflow plugin of alpha ({KIT})"
    )
    assert f"create_functions ({KIT}:" in told


def test_two_functions_of_one_id_are_named_with_their_files() -> None:
    told = refusal_of_functions(
        compose_capabilities(
            [
                capability("alpha", listeners=[("fn", "a")]),
                capability("beta", listeners=[("fn", "b")]),
            ]
        )
    )
    assert told.startswith(
        f"the durable function app-fn is declared twice: by alpha, function fn ({KIT}:"
    )


def tampering(change: Any) -> Any:
    def create(client: inngest.Inngest, _ports: object) -> list[inngest.Function[Any]]:
        change(client)
        return []

    return create


class Baseline(inngest.Middleware):
    pass


class Own(inngest.Middleware):
    pass


def observed_client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False, middleware=[Baseline])


def precede(client: inngest.Inngest) -> None:
    client.middleware = [Own, *client.middleware]


def replace(client: inngest.Inngest) -> None:
    client.middleware = [Own]


def insert(client: inngest.Inngest) -> None:
    client.middleware.insert(0, Own)


def remove(client: inngest.Inngest) -> None:
    client.middleware.clear()


@pytest.mark.parametrize("change", [precede, replace, insert, remove])
def test_a_plugin_does_not_get_in_front_of_the_telemetry(change: Any) -> None:
    manifest = compose_capabilities([workflow_capability(tampering(change))])
    with pytest.raises(CompositionError) as refused:
        manifest.bind(PORTS).functions(observed_client())
    told = str(refused.value)
    assert told.startswith(
        f"the workflow plugin of alpha ({KIT}) replaced or preceded the host's telemetry: "
        f"tampering.<locals>.create ({HERE}:"
    )


def test_a_plugin_may_extend_the_telemetry() -> None:
    only = observed_client()
    extend = tampering(lambda client: client.add_middleware(Own))
    compose_capabilities([workflow_capability(extend)]).bind(PORTS).functions(only)
    assert only.middleware == [Baseline, Own]


def test_a_plugin_makes_its_functions_with_the_clients_it_is_given() -> None:
    def create(_client: inngest.Inngest, ports: str) -> Sequence[inngest.Function[Any]]:
        own = inngest.Inngest(app_id="mine", is_production=False)
        return functions(("fn", "alpha.asked"))(own, ports)

    told = refusal_of_functions(compose_capabilities([workflow_capability(create)]))
    assert f"the workflow plugin of alpha ({KIT}) made function fn ({KIT}:" in told
    assert "with a client of its own" in told


def unimplemented() -> Router[Context]:
    return implement(OtherWorkflows, Context).router()


def foreign() -> Router[Context]:
    os = implement(Small, Context)

    @os.handler(Small.read_text)
    async def read_text(context: Context, input: Text) -> Text:
        return input

    return os.router()


class Small(Contract):
    read_text = get("/small").input(Text).output(Text)


@pytest.mark.parametrize(
    ("create_router", "told"),
    [
        (unimplemented, "OtherWorkflows: forget_text is not implemented; mend unimplemented"),
        (lambda: lazy(unimplemented, OtherWorkflows), "forget_text is not implemented"),
        (lambda: lazy(unimplemented), "forget_text is not implemented"),
        (foreign, "gave a router of Small, not of OtherWorkflows"),
    ],
    ids=["left out", "left out, loaded late", "left out, known late", "another contract"],
)
def test_an_unimplemented_procedure_is_named_with_its_plugin(create_router: Any, told: str) -> None:
    small = capability("alpha")
    assert small.workflows is not None
    manifest = compose_capabilities(
        [
            define_capability(
                "alpha",
                provide=lambda _ports: "",
                workflows=define_workflow_surface(
                    contract=OtherWorkflows,
                    create_router=create_router,
                    create_context=small.workflows.create_context,
                    create_functions=functions(),
                ),
            )
        ]
    )
    for make in (manifest.require_routers, manifest.workflows.create_router):
        with pytest.raises(CompositionError) as refused:
            make()
        message = str(refused.value)
        assert message.startswith(f"the workflow plugin of alpha ({HERE}) cannot be served: ")
        assert told in message


def test_a_file_outside_of_the_working_folder_is_told_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = refusal(capability("alpha"), capability("alpha", prefix="/other"))
    assert f"({Path(__file__).parent / 'kit.py'}:" in told
