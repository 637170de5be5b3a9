"""The real npm packages as oracles, and golden transcripts recorded from them."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.node_peer import ask_node, peers_installed

Ask = Callable[[str, list[Any]], list[Any]]


@pytest.fixture(scope="session")
def oracle() -> Ask:
    """Ask the real packages one kind of question about many cases at once."""
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")

    def ask(op: str, cases: list[Any]) -> list[Any]:
        answers: list[Any] = ask_node("oracle.mjs", {"op": op, "cases": cases})
        return answers

    return ask
