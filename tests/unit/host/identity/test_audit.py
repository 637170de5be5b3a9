import logging

import pytest

from rawr.host.identity import audit


@pytest.fixture(autouse=True)
def info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="rawr.audit")


def test_a_decision_is_one_structured_line(caplog: pytest.LogCaptureFixture) -> None:
    audit("sign-in.refused", name="ada", address=None, attempts=3, roles=("b", "a"))
    (record,) = caplog.records
    assert record.getMessage() == 'sign-in.refused name="ada" attempts=3 roles=["a", "b"]'
    assert vars(record)["action"] == "sign-in.refused"
    assert vars(record)["facts"] == {"name": "ada", "attempts": 3, "roles": ["a", "b"]}


@pytest.mark.parametrize("name", ["a\nforged line", "a\r\nb", "\x1b[2J", "\u2028x", 'a" b="c'])
def test_no_caller_forges_a_line(caplog: pytest.LogCaptureFixture, name: str) -> None:
    audit("sign-in.refused", name=name)
    message = caplog.records[0].getMessage()
    assert message.isascii()
    assert message.isprintable()
    assert message.count(' b="') == 0


def test_long_facts_are_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    audit("request.refused", path="/" * 10_000)
    assert len(caplog.records[0].getMessage()) < 300
