"""The public names of the boundary layers: listed, sorted, documented; their examples run."""

import doctest
import importlib
import inspect
import pkgutil
import warnings
from types import ModuleType
from typing import Any

import pytest

LAYERS = ("schema", "contract", "procedure", "wire", "http", "openapi", "client", "typescript")
AUTHORING = ("schema", "contract", "procedure")


def modules(layers: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for layer in layers:
        package = importlib.import_module(f"rawr.{layer}")
        inside = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        found += [package.__name__, *(module.name for module in inside)]
    return found


def is_documented(value: Any) -> bool:
    written = value.__doc__ if inspect.isclass(value) else inspect.getdoc(value)
    # A dataclass without a docstring gets its signature for one.
    return bool(written and written.strip()) and not (
        inspect.isclass(value) and written.startswith(f"{value.__name__}(")
    )


def methods_of(value: type[Any]) -> dict[str, Any]:
    return {
        name: member
        for name, member in vars(value).items()
        if not name.startswith("_")
        and (inspect.isfunction(member) or isinstance(member, property | classmethod))
    }


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"rawr.{request.param}")


def test_public_names_are_sorted_and_exist(layer: ModuleType) -> None:
    names = layer.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(layer, name)] == []


def test_every_public_class_and_function_is_documented(layer: ModuleType) -> None:
    bare = []
    for name in layer.__all__:
        value = getattr(layer, name)
        if not inspect.isclass(value) and not inspect.isfunction(value):
            continue
        members = methods_of(value) if inspect.isclass(value) else {}
        bare += [name] if not is_documented(value) else []
        bare += [f"{name}.{key}" for key, member in members.items() if not is_documented(member)]
    assert bare == []


@pytest.mark.parametrize("name", modules(AUTHORING))
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0


def test_the_authoring_layers_have_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = [
        test.name
        for name in modules(AUTHORING)
        for test in finder.find(importlib.import_module(name))
        if test.examples
    ]
    assert len(with_examples) >= 15
