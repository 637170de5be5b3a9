"""Failures an operator can mend are told in one line; others stay what they are."""

import importlib
import subprocess
import sys

import click
import pytest

from rawr.cli._errors import _MENDABLE, reported
from rawr.server import AddressInUse


@pytest.mark.parametrize("module", sorted(_MENDABLE))
def test_every_failure_exists_and_is_one(module: str) -> None:
    for name in _MENDABLE[module]:
        assert issubclass(getattr(importlib.import_module(module), name), Exception)


def test_a_mendable_failure_is_one_line() -> None:
    with pytest.raises(click.ClickException, match="port 1 is taken"), reported():
        raise AddressInUse("port 1 is taken")


def test_a_defect_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError), reported():
        raise ZeroDivisionError


def test_the_engine_is_loaded_without_a_host() -> None:
    code = "import sys, rawr.cli._engine; print('rawr.host' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
