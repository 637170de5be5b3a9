"""Every public name of the boundary layers stands in the type tests, which checkers read."""

import importlib
import re
from pathlib import Path

import pytest

TYPING_TESTS = Path(__file__).parents[2] / "typing_tests"
LAYERS = (
    *("schema", "contract", "procedure", "wire.rpc", "wire.openapi", "http", "http.plugins"),
    *("openapi", "client", "typescript"),
)
"""All but the innards that `rawr.wire` has for the layers above it."""


@pytest.mark.parametrize("layer", LAYERS)
def test_public_names_are_type_tested(layer: str) -> None:
    written = "\n".join(file.read_text() for file in sorted(TYPING_TESTS.glob("*.py")))
    used = set(re.findall(r"\w+", written))
    assert [
        name for name in importlib.import_module(f"rawr.{layer}").__all__ if name not in used
    ] == []
