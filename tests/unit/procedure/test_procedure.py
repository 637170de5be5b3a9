"""The pipeline: middleware, input validation, handler, output validation."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.procedure.kit import Count, Forbidden, Payment, Ref, Runs, call_of

from rawr.contract import ContractError, ORPCError, procedure
from rawr.procedure import Call, Next, Procedure, compose
from rawr.schema import UNDEFINED, SchemaError

WIRE = {"runId": "r"}


async def test_the_handler_gets_context_and_typed_input() -> None:
    async def handler(context: object, input: Ref) -> Count:
        assert (context, input) == ("ctx", Ref(run_id="r"))
        return Count(n=1)

    assert await call_of(Runs.status, handler, WIRE, context="ctx") == Count(n=1)


async def test_the_handler_may_ask_for_the_call() -> None:
    async def handler(context: object, input: Ref, call: Call[Any]) -> Count:
        assert (call.path, call.last_event_id, call.input) == (("x",), "7", input)
        return Count(n=1)

    await call_of(Runs.status, handler, WIRE, last_event_id="7")


async def test_a_handler_without_input_gets_none() -> None:
    async def plain(context: object) -> str:
        return "a"

    async def curious(context: object, call: Call[Any]) -> str:
        return call.path[0]

    assert await call_of(Runs.ping, plain) == "a"
    assert await call_of(Runs.ping, curious) == "x"


async def test_keyword_only_parameters_do_not_count() -> None:
    async def handler(context: object, *, greeting: str = "hi") -> str:
        return greeting

    assert await call_of(Runs.ping, handler) == "hi"


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_handler_of_another_shape_is_refused_at_once(count: int) -> None:
    parameters = ", ".join(f"p{index}" for index in range(count))
    scope: dict[str, Any] = {}
    exec(f"async def handler({parameters}): ...", scope)
    with pytest.raises(ContractError, match=rf"takes {count} parameters; write \(context, input\)"):
        Procedure(Runs.status, scope["handler"])


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({}, ["runId"]),
        ({"runId": 1}, ["runId"]),
        ({"runId": "r", "x": 1}, ["x"]),
        (None, []),
        (UNDEFINED, []),
        ([], []),
    ],
)
async def test_bad_input_is_the_callers_error_with_paths(value: object, path: list[str]) -> None:
    async def handler(context: object, input: Ref) -> Count:
        raise AssertionError

    with pytest.raises(ORPCError, match="Input validation failed") as caught:
        await call_of(Runs.status, handler, value)
    error = caught.value
    assert (error.code, error.status, error.defined) == ("BAD_REQUEST", 400, False)
    assert [issue["path"] for issue in error.data["issues"]] == [path]


@pytest.mark.parametrize("result", [None, {"n": "x"}, "text", UNDEFINED])
async def test_bad_output_is_the_servers_error_and_tells_nothing(result: object) -> None:
    async def handler(context: object, input: Ref) -> object:
        return result

    with pytest.raises(ORPCError, match="Output validation failed") as caught:
        await call_of(Runs.status, handler, WIRE)
    error = caught.value
    assert (error.code, error.status, error.data) == ("INTERNAL_SERVER_ERROR", 500, UNDEFINED)
    assert isinstance(error.__cause__, SchemaError)


async def test_output_is_validated_into_its_type() -> None:
    async def handler(context: object, input: Ref) -> object:
        return {"n": 3}

    assert await call_of(Runs.status, handler, WIRE) == Count(n=3)


async def test_without_an_output_schema_the_result_passes() -> None:
    async def handler(context: object, input: Ref) -> object:
        return {"anything": 1}

    assert await call_of(Runs.forget, handler, WIRE) == {"anything": 1}


def noting(name: str, notes: list[str]) -> Any:
    async def middleware(call: Call[Any], following: Next[Any]) -> object:
        notes.append(f"{name} in")
        try:
            return await following(call)
        finally:
            notes.append(f"{name} out")

    return middleware


@settings(deadline=None)
@given(st.lists(st.text(), max_size=5))
async def test_the_first_middleware_is_outermost(names: list[str]) -> None:
    notes: list[str] = []

    async def core(call: Any) -> object:
        notes.append("core")
        return call

    wrapped = compose([noting(name, notes) for name in names], core)
    assert await wrapped("call") == "call"  # type: ignore[arg-type]  # any value passes
    assert notes == [
        *(f"{name} in" for name in names),
        "core",
        *(f"{name} out" for name in reversed(names)),
    ]


async def test_middleware_sees_raw_input_and_validated_output() -> None:
    seen: list[object] = []

    async def middleware(call: Call[Any], following: Next[Any]) -> object:
        seen.append(call.input)
        output = await following(call)
        seen.append(output)
        return output

    async def handler(context: object, input: Ref) -> object:
        seen.append(input)
        return {"n": 1}

    await call_of(Runs.status, handler, WIRE, middlewares=(middleware,))
    assert seen == [WIRE, Ref(run_id="r"), Count(n=1)]


async def test_middleware_may_change_context_and_input() -> None:
    async def middleware(call: Call[Any], following: Next[Any]) -> object:
        return await following(call.with_context("added").with_input({"runId": "other"}))

    async def handler(context: object, input: Ref) -> Count:
        assert (context, input.run_id) == ("added", "other")
        return Count(n=1)

    await call_of(Runs.status, handler, WIRE, middlewares=(middleware,))


async def test_middleware_runs_before_input_is_validated() -> None:
    async def refuse(call: Call[Any], following: Next[Any]) -> object:
        raise Forbidden

    async def handler(context: object, input: Ref) -> Count:
        raise AssertionError

    with pytest.raises(Forbidden):
        await call_of(Runs.status, handler, None, middlewares=(refuse,))


async def test_middleware_may_answer_itself() -> None:
    async def cached(call: Call[Any], following: Next[Any]) -> object:
        return Count(n=9)

    async def handler(context: object, input: Ref) -> Count:
        raise AssertionError

    assert await call_of(Runs.status, handler, WIRE, middlewares=(cached,)) == Count(n=9)


async def test_middleware_may_recover_from_a_failure() -> None:
    async def recover(call: Call[Any], following: Next[Any]) -> object:
        try:
            return await following(call)
        except Payment as error:
            return Count(n=error.data.n)

    async def handler(context: object, input: Ref) -> Count:
        raise Payment(Count(n=5))

    assert await call_of(Runs.status, handler, WIRE, middlewares=(recover,)) == Count(n=5)


def failing(error: Exception) -> Any:
    async def handler(context: object) -> str:
        raise error

    return handler


DERIVED: dict[str, tuple[ORPCError[Any], type[ORPCError[Any]], bool]] = {
    # name: (what is raised, class that arrives, whether it is defined)
    "declared class": (Payment(Count(n=1)), Payment, True),
    "declared class without data": (Forbidden(), Forbidden, True),
    "same code, status and data": (
        ORPCError("PAYMENT", status=402, data={"n": 1}),
        Payment,
        True,
    ),
    "same code, no data declared": (ORPCError("FORBIDDEN", data={"x": 1}), Forbidden, True),
    "code not declared": (ORPCError("TEAPOT"), ORPCError, False),
    "code not declared, said to be defined": (ORPCError("TEAPOT", defined=True), ORPCError, False),
    "other status": (ORPCError("PAYMENT", data={"n": 1}), ORPCError, False),
    "other status, said to be defined": (
        ORPCError("PAYMENT", data={"n": 1}, defined=True),
        ORPCError,
        False,
    ),
    "data that does not fit": (ORPCError("PAYMENT", status=402, data={"n": "x"}), ORPCError, False),
    "no data where some is declared": (ORPCError("PAYMENT", status=402), ORPCError, False),
}


@pytest.mark.parametrize("name", DERIVED)
async def test_defined_is_derived_from_the_contract(name: str) -> None:
    raised, arrives, defined = DERIVED[name]
    with pytest.raises(ORPCError) as caught:
        await call_of(Runs.ping, failing(raised))
    assert type(caught.value) is arrives
    assert caught.value.defined is defined
    assert (caught.value.code, caught.value.status) == (raised.code, raised.status)
    assert caught.value.message == raised.message


async def test_a_class_the_contract_does_not_declare_is_not_defined() -> None:
    undeclared = procedure().output(str)
    with pytest.raises(ORPCError) as caught:
        await call_of(undeclared, failing(Payment(Count(n=1))))
    assert (type(caught.value), caught.value.defined) == (ORPCError, False)
    assert caught.value.data == {"n": 1}


async def test_errors_of_middleware_are_derived_too() -> None:
    async def refuse(call: Call[Any], following: Next[Any]) -> object:
        raise ORPCError("FORBIDDEN")

    with pytest.raises(Forbidden):
        await call_of(Runs.ping, failing(ValueError()), middlewares=(refuse,))


async def test_other_failures_pass_for_the_boundary_to_hide() -> None:
    with pytest.raises(ValueError, match="secret"):
        await call_of(Runs.ping, failing(ValueError("secret")))


async def test_a_derived_error_remembers_what_was_raised() -> None:
    raised = ORPCError[Any]("PAYMENT", status=402, data={"n": 1})
    with pytest.raises(Payment) as caught:
        await call_of(Runs.ping, failing(raised))
    assert caught.value.__cause__ is raised


async def test_an_error_already_right_is_raised_as_it_is() -> None:
    raised = Payment(Count(n=1))
    with pytest.raises(Payment) as caught:
        await call_of(Runs.ping, failing(raised))
    assert caught.value is raised
    assert caught.value.__cause__ is None


def test_a_procedure_tells_who_implements_it() -> None:
    async def handler(context: object) -> str:
        return ""

    assert repr(Procedure(Runs.ping, handler)).startswith("<Procedure ping by test_a_procedure")
