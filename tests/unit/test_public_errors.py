"""Errors are printed under the names their users import."""

import importlib
import traceback

import pytest

from rawr.contract import Contract, ORPCError, TypedError

PACKAGES = ("client", "contract", "http", "openapi", "procedure", "schema", "wire")


@pytest.mark.parametrize("name", PACKAGES)
def test_exported_errors_show_no_private_module(name: str) -> None:
    package = importlib.import_module(f"rawr.{name}")
    exported = [getattr(package, item) for item in package.__all__]
    errors = [
        item for item in exported if isinstance(item, type) and issubclass(item, BaseException)
    ]
    assert errors
    assert not [error for error in errors if "._" in error.__module__]


def test_a_traceback_names_the_error_as_it_is_imported() -> None:
    (line,) = traceback.format_exception_only(ORPCError("CONFLICT", message="Taken"))
    assert line == "rawr.contract.ORPCError: Taken\n"


def test_errors_of_others_and_other_classes_keep_their_module() -> None:
    class Taken(TypedError[None], code="TAKEN", status=409):
        """Taken."""

    assert Taken.__module__ == __name__
    assert Contract.__module__ != "rawr.contract"
