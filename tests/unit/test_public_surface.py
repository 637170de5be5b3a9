"""The public names of the boundary layers: listed, sorted, documented; their examples run."""

import doctest
import importlib
import inspect
import pkgutil
import warnings
from types import ModuleType
from typing import Any

import pytest
from tests.unit.example_world import WORLD

LAYERS = ("schema", "contract", "procedure", "wire", "http", "openapi", "client", "typescript")
PACKAGES = (*LAYERS, "http.plugins", "wire.rpc", "wire.openapi")
"""Whatever applications import from."""
FEWEST_EXAMPLES = {
    "schema": 1,
    "contract": 8,
    "procedure": 8,
    "wire": 5,
    "http": 9,
    "openapi": 3,
    "client": 13,
}
"""How many modules of a layer have examples, at least."""


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


@pytest.fixture(params=PACKAGES)
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


@pytest.mark.parametrize("name", modules(LAYERS))
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = doctest.testmod(
            module,
            extraglobs=dict(WORLD),
            optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        )
    assert outcome.failed == 0


def test_every_layer_has_examples_and_none_is_a_comment() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = dict.fromkeys(LAYERS, 0)
    for layer in LAYERS:
        for name in modules((layer,)):
            tests = finder.find(importlib.import_module(name))
            examples = [example for test in tests for example in test.examples]
            found[layer] += bool(examples)
            assert not [e.source for e in examples if e.source.startswith("#")], name
    assert {layer: n for layer, n in found.items() if n < FEWEST_EXAMPLES.get(layer, 0)} == {}
