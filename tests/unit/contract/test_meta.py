"""Typed metadata, on procedures and as defaults of contract classes."""

from typing import Any

import pytest

from rawr.contract import Contract, ContractError, MetaKey, get

ROLE = MetaKey[str]("role")
LIMIT = MetaKey[int]("limit", default=10)


def test_an_entry_is_read_back_by_its_key() -> None:
    contract = get().meta(ROLE("reader"), LIMIT(5), note="n")
    assert (ROLE.of(contract), LIMIT.of(contract)) == ("reader", 5)
    assert dict(contract.definition.meta) == {"role": "reader", "limit": 5, "note": "n"}


def test_a_default_stands_for_what_is_not_declared() -> None:
    assert LIMIT.of(get()) == 10


def test_none_is_a_value_and_a_default() -> None:
    key = MetaKey[int | None]("cap", default=None)
    assert key.of(get()) is None
    assert key.of(get().meta(key(None))) is None


def test_a_key_without_default_must_be_declared() -> None:
    class Runs(Contract):
        status = get("/status").output(str)

    with pytest.raises(ContractError, match=r"status declares no 'role'; add it with \.meta\(\)"):
        ROLE.of(Runs.status)


def test_a_contract_gives_defaults_and_its_procedures_win() -> None:
    class Runs(Contract, meta=[ROLE("reader"), LIMIT(1)]):
        status = get().output(str)
        cancel = get().output(str).meta(ROLE("writer"))

    found = [(ROLE.of(item), LIMIT.of(item)) for item in Runs.contract_procedures.values()]
    assert found == [("reader", 1), ("writer", 1)]


def test_a_key_tells_its_name() -> None:
    assert repr(ROLE) == "MetaKey('role')"


def test_entries_merge_and_the_last_wins() -> None:
    contract: Any = get().meta(ROLE("a")).meta(ROLE("b"))
    assert ROLE.of(contract) == "b"
