"""Errors: codes, statuses, messages, and which declared error an error is."""

from typing import Any

import pytest

from rawr.contract import (
    COMMON_ERRORS,
    ContractError,
    ORPCError,
    TypedError,
    is_error_status,
)
from rawr.schema import UNDEFINED, Schema


class Ref(Schema):
    run_id: str


class RunNotFound(TypedError[Ref], code="RUN_NOT_FOUND", status=404, retryable=True):
    """Run not found.

    More words that are not for callers.
    """


class Conflict(TypedError[None], code="CONFLICT"):
    pass


class Odd(TypedError[int], code="ODD"):
    """Odd."""


@pytest.mark.parametrize("code", COMMON_ERRORS)
def test_common_codes_know_status_and_message(code: str) -> None:
    error = ORPCError[Any](code)
    assert (error.status, error.message) == COMMON_ERRORS[code]


def test_other_codes_are_500_and_their_own_message() -> None:
    error = ORPCError[Any]("CUSTOM")
    assert (error.status, error.message, str(error)) == (500, "CUSTOM", "CUSTOM")
    assert (error.data, error.defined) == (UNDEFINED, False)


def test_what_is_given_wins() -> None:
    error = ORPCError[Any]("NOT_FOUND", status=410, message="gone", data=1, defined=True)
    assert (error.status, error.message, error.data, error.defined) == (410, "gone", 1, True)


@pytest.mark.parametrize("message", ["", None])
def test_an_empty_message_is_no_message(message: str | None) -> None:
    assert ORPCError[Any]("NOT_FOUND", message=message).message == "Not Found"


@pytest.mark.parametrize("status", [200, 201, 304, 399])
def test_a_success_status_is_no_error(status: int) -> None:
    assert not is_error_status(status)
    with pytest.raises(ContractError, match=f"{status} is not an error status"):
        ORPCError("X", status=status)
    with pytest.raises(ContractError, match=f"{status} is not an error status"):
        type("Bad", (TypedError,), {}, code="BAD", status=status)


@pytest.mark.parametrize("status", [100, 199, 400, 599])
def test_other_statuses_are_errors(status: int) -> None:
    assert is_error_status(status)
    assert ORPCError[Any]("X", status=status).status == status


def test_a_typed_error_takes_its_words_from_its_class() -> None:
    error = RunNotFound(Ref(run_id="r"))
    assert (error.code, error.status, error.message) == ("RUN_NOT_FOUND", 404, "Run not found.")
    assert (error.data.run_id, error.defined, error.retryable) == ("r", True, True)
    assert RunNotFound(Ref(run_id="r"), message="lost").message == "lost"


def test_a_typed_error_of_a_common_code_needs_no_words() -> None:
    error = Conflict()
    assert (error.status, error.message, error.data) == (409, "Conflict", UNDEFINED)


def test_data_travels_in_wire_names() -> None:
    assert RunNotFound(Ref(run_id="r")).dump_data() == {"runId": "r"}
    assert Conflict().dump_data() is UNDEFINED
    assert ORPCError[Any]("X", data={"a": 1}).dump_data() == {"a": 1}


def test_a_typed_error_needs_a_code() -> None:
    with pytest.raises(ContractError, match="needs a class keyword code"):
        type("Nameless", (TypedError,), {})


def test_a_subclass_keeps_code_and_data() -> None:
    class Lost(RunNotFound):
        """Lost."""

    error = Lost(Ref(run_id="r"))
    assert (error.code, error.status, error.dump_data()) == ("RUN_NOT_FOUND", 404, {"runId": "r"})


@pytest.mark.parametrize("keywords", [{"status": 404}, {"retryable": True}])
def test_a_subclass_changes_no_status_without_a_code(keywords: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="give it one of its own"):
        type("Lost", (RunNotFound,), {}, **keywords)


def test_a_subclass_with_a_code_of_its_own_keeps_the_data() -> None:
    class Lost(RunNotFound, code="LOST"):
        """Lost."""

    assert (Lost.status, Lost.data_schema) == (500, RunNotFound.data_schema)


def test_errors_show_what_they_are() -> None:
    assert repr(Conflict()) == "Conflict('CONFLICT', status=409, data=UNDEFINED)"


def test_an_equal_error_is_adopted() -> None:
    cause = ValueError("x")
    error = ORPCError[Any]("RUN_NOT_FOUND", status=404, message="lost", data={"runId": "r"})
    error.__cause__ = cause
    adopted = RunNotFound.adopt(error)
    assert adopted is not None
    assert (adopted.data, adopted.message, adopted.defined) == (Ref(run_id="r"), "lost", True)
    assert adopted.__cause__ is cause


def test_an_instance_is_adopted_as_it_is() -> None:
    error = RunNotFound(Ref(run_id="r"))
    assert RunNotFound.adopt(error) is error


@pytest.mark.parametrize(
    "error",
    [
        ORPCError[Any]("OTHER", status=404, data={"runId": "r"}),
        ORPCError[Any]("RUN_NOT_FOUND", status=500, data={"runId": "r"}),
        ORPCError[Any]("RUN_NOT_FOUND", status=404, data={"runId": 1}),
        ORPCError[Any]("RUN_NOT_FOUND", status=404),
    ],
    ids=["code", "status", "data", "no data"],
)
def test_an_error_that_differs_is_not_adopted(error: ORPCError[Any]) -> None:
    assert RunNotFound.adopt(error) is None


def test_without_a_schema_any_data_is_dropped() -> None:
    adopted = Conflict.adopt(ORPCError("CONFLICT", data={"a": 1}))
    assert adopted is not None
    assert adopted.data is UNDEFINED


def test_plain_data_is_data_too() -> None:
    assert Odd(3).dump_data() == 3
    assert Odd.adopt(ORPCError("ODD", data="x")) is None


def test_a_typed_error_is_caught_as_what_it_is() -> None:
    with pytest.raises(ORPCError):
        raise RunNotFound(Ref(run_id="r"))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"issues": [{"message": "Field required", "path": ["lines", 0, "sku"]}]}, "lines.0.sku: "),
        ({"issues": [{"message": "Field required", "path": [{"key": "sku"}]}]}, "sku: "),
        ({"issues": [{"message": "Field required", "path": []}]}, ""),
        ({"issues": [{"message": "Field required"}, {"path": ["a"]}, "b"]}, ""),
    ],
)
def test_what_is_wrong_with_an_input_is_in_the_text_of_the_error(data: object, told: str) -> None:
    error = ORPCError("BAD_REQUEST", message="Input validation failed", data=data)
    assert str(error) == f"Input validation failed: {told}Field required"
    assert error.message == "Input validation failed"


@pytest.mark.parametrize("data", [None, {}, {"issues": "none"}, {"issues": [1]}, ["issues"]])
def test_other_data_is_no_part_of_the_text_of_an_error(data: object) -> None:
    assert str(ORPCError("BAD_REQUEST", data=data)) == "Bad Request"
