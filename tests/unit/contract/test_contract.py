"""Contract classes: prefixes, merging, nesting, wire names, clients."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings, strategies as st

import rawr.contract
from rawr.contract import (
    Contract,
    ContractError,
    Link,
    LinkCall,
    TypedError,
    compose_contracts,
    create_client,
    get,
    post,
    procedure,
    walk,
)
from rawr.schema import UNDEFINED, Schema


class Ref(Schema):
    run_id: str


class Forbidden(TypedError[None], code="FORBIDDEN"):
    """Not allowed."""


class OtherForbidden(TypedError[None], code="FORBIDDEN"):
    """Not at all allowed."""


class Gone(TypedError[None], code="GONE", status=410):
    """Gone."""


class Runs(Contract, prefix="/runs", tags=["runs"], errors=[Forbidden]):
    get_status = get("/{runId}").input(Ref).output(str).errors(Gone).tag("read")
    cancel_all = post().output(int)


class Workflows(Contract, prefix="/workflows"):
    start = post("/start").output(str)
    runs: Runs


class HQ(Contract):
    ping = procedure().output(str)
    first_workflows: Workflows


@dataclass
class Recorder(Link):
    calls: list[LinkCall] = field(default_factory=list)

    async def call(self, call: LinkCall) -> Any:
        self.calls.append(call)
        return len(self.calls)


def test_public_names_are_sorted_and_exist() -> None:
    names = rawr.contract.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(rawr.contract, name) for name in names)


def test_the_tree_is_walked_in_order_own_procedures_first() -> None:
    assert [(place.path, place.attributes) for place in walk(HQ)] == [
        (("ping",), ("ping",)),
        (("firstWorkflows", "start"), ("first_workflows", "start")),
        (
            ("firstWorkflows", "runs", "getStatus"),
            ("first_workflows", "runs", "get_status"),
        ),
        (
            ("firstWorkflows", "runs", "cancelAll"),
            ("first_workflows", "runs", "cancel_all"),
        ),
    ]


def test_prefixes_go_before_explicit_paths_only() -> None:
    paths = {place.path[-1]: place.contract.definition.route.path for place in walk(HQ)}
    assert paths == {
        "ping": None,
        "start": "/workflows/start",
        "getStatus": "/workflows/runs/{runId}",
        "cancelAll": None,
    }


def test_walking_leaves_the_declaration_alone() -> None:
    list(walk(HQ))
    assert Runs.get_status.definition.route.path == "/runs/{runId}"


def test_tags_of_the_contract_come_first() -> None:
    assert Runs.get_status.definition.route.tags == ("runs", "read")


def test_errors_of_the_contract_are_declared_on_every_procedure() -> None:
    assert dict(Runs.get_status.definition.errors) == {"FORBIDDEN": Forbidden, "GONE": Gone}
    assert dict(Runs.cancel_all.definition.errors) == {"FORBIDDEN": Forbidden}


def test_a_procedures_own_error_wins() -> None:
    class Strict(Contract, errors=[Forbidden]):
        only = get().output(str).errors(OtherForbidden)

    assert dict(Strict.only.definition.errors) == {"FORBIDDEN": OtherForbidden}


@pytest.mark.parametrize(
    ("publish", "expected"), [(None, (False, True)), (True, (True, True)), (False, (False, False))]
)
def test_a_contract_may_decide_on_publication(
    publish: bool | None, expected: tuple[bool, bool]
) -> None:
    class Api(Contract, publish=publish):
        internal = get().output(str)
        public = get().output(str).publish()

    found = (Api.internal.definition.published, Api.public.definition.published)
    assert found == expected


def test_a_procedure_that_is_kept_out_stays_out_of_a_published_contract() -> None:
    class Api(Contract, publish=True):
        kept_out = get().output(str).publish(published=False)

    assert not Api.kept_out.definition.published


@pytest.mark.parametrize("prefix", ["runs", "/runs/", "/"])
def test_a_prefix_starts_and_does_not_end_with_a_slash(prefix: str) -> None:
    with pytest.raises(ContractError, match="must start and not end with '/'"):
        type("Bad", (Contract,), {}, prefix=prefix)


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("ping", "ping"),
        ("get_run_status", "getRunStatus"),
        ("get_2_runs", "get2Runs"),
        ("list_", "list"),
        ("get__twice", "getTwice"),
        ("alreadyCamel", "alreadyCamel"),
    ],
)
def test_wire_names_are_camel_case(name: str, wire: str) -> None:
    contract = type("Named", (Contract,), {name: get().output(str)})
    assert contract.contract_wire_names == {name: wire}


def test_wire_names_may_stay_as_they_are() -> None:
    class Snake(Contract, camel_case=False):
        get_run = get().output(str)
        runs: Runs

    assert [place.path for place in walk(Snake)][:2] == [("get_run",), ("runs", "getStatus")]


@settings(deadline=None)
@given(st.from_regex(r"[a-z]+(_[a-z0-9]+){0,4}", fullmatch=True))
def test_wire_names_lose_nothing_but_case_and_underscores(name: str) -> None:
    contract = type("Named", (Contract,), {f"x_{name}": get().output(str)})
    (wire,) = contract.contract_wire_names.values()
    assert "_" not in wire
    assert wire.lower() == f"x{name.replace('_', '')}"


def test_two_attributes_with_one_wire_name_are_refused() -> None:
    with pytest.raises(ContractError, match=r"run_one and runOne are both 'runOne'"):
        type("Twice", (Contract,), {"run_one": get(), "runOne": get()})


@pytest.mark.parametrize("name", ["bind", "child", "contract_prefix", "_link"])
def test_names_that_clients_need_are_refused(name: str) -> None:
    with pytest.raises(ContractError, match="clients need this name"):
        type("Reserved", (Contract,), {name: get()})


def test_a_contract_with_procedures_is_not_inherited_from() -> None:
    with pytest.raises(ContractError, match="More inherits from the contract Runs; nest it"):
        type("More", (Runs,), {})


def test_a_mixin_without_procedures_may_be_inherited() -> None:
    class Described(Contract):
        """Adds nothing but words."""

        owner: ClassVar[str] = "finance"

    class Api(Described):
        ping = get().output(str)

    assert (Api.owner, [place.path for place in walk(Api)]) == ("finance", [("ping",)])


def test_one_declaration_may_stand_in_several_places() -> None:
    shared = get("/shared").output(str)

    class One(Contract, prefix="/one"):
        first = shared
        second = shared

    class Two(Contract, prefix="/two"):
        third = shared

    assert [(place.path, place.contract.name) for place in walk(One)] == [
        (("first",), "first"),
        (("second",), "second"),
    ]
    assert Two.third.definition.route.path == "/two/shared"
    assert shared.definition.route.path == "/shared"


def test_contracts_are_composed_by_name() -> None:
    composed = compose_contracts("All", {"first_part": Runs, "hq": HQ})
    assert composed.__name__ == "All"
    assert [place.path[0] for place in walk(composed)] == ["firstPart"] * 2 + ["hq"] * 4


def test_a_nested_contract_read_on_the_class_is_the_class() -> None:
    assert HQ.first_workflows is Workflows
    assert HQ.first_workflows.runs is Runs


async def test_a_client_calls_by_wire_path_with_prefixes_applied() -> None:
    link = Recorder()
    client = create_client(HQ, link)
    await client.first_workflows.runs.get_status(
        Ref(run_id="r"), context={"timeout": 1}, last_event_id="7"
    )
    (call,) = link.calls
    assert call.path == ("firstWorkflows", "runs", "getStatus")
    assert call.contract.definition.route.path == "/workflows/runs/{runId}"
    assert call.input == Ref(run_id="r")
    assert (call.context, call.last_event_id) == ({"timeout": 1}, "7")


async def test_a_procedure_without_input_sends_undefined() -> None:
    link = Recorder()
    assert await create_client(HQ, link).ping() == 1
    assert link.calls[0].input is UNDEFINED
    assert link.calls[0].context == {}


@pytest.mark.parametrize("arguments", [(), (1, 2)])
def test_a_missing_or_extra_input_is_a_type_error(arguments: tuple[object, ...]) -> None:
    call: Any = create_client(HQ, Recorder()).first_workflows.runs.get_status
    with pytest.raises(TypeError, match=rf"getStatus takes one input, got {len(arguments)}"):
        call(*arguments)


def test_an_input_where_there_is_none_is_a_type_error() -> None:
    call: Any = create_client(HQ, Recorder()).ping
    with pytest.raises(TypeError, match="ping takes no input, got 1"):
        call(1)


def test_clients_and_calls_tell_where_they_are() -> None:
    client = create_client(HQ, Recorder())
    assert repr(client) == "<HQ client (root)>"
    assert repr(client.first_workflows.runs) == "<Runs client firstWorkflows.runs>"
    assert repr(client.first_workflows.start) == "<ProcedureCall firstWorkflows.start>"


def test_two_clients_share_nothing() -> None:
    one, two = Recorder(), Recorder()
    first, second = create_client(HQ, one), create_client(HQ, two)
    call: Any = first.ping()
    call.close()
    assert first is not second


def test_a_contract_given_as_a_value_is_refused() -> None:
    class Inner(Contract):
        ping = procedure()

    with pytest.raises(ContractError, match=r"Outer\.inner = Inner nests nothing; write `inner: "):
        type("Outer", (Contract,), {"inner": Inner})


def test_a_contract_may_be_written_inside_another() -> None:
    class Outer(Contract):
        class Inner(Contract):
            ping = procedure()

        inner: Inner

    assert [place.path for place in walk(Outer)] == [("inner", "ping")]


def test_a_client_without_a_link_is_told_what_to_give_it() -> None:
    address: Any = "https://hq.example/rpc"
    with pytest.raises(TypeError, match=r"such as RPCLink\('https://hq\.example/rpc'\)"):
        create_client(HQ, address)
