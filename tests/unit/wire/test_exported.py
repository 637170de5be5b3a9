"""The public surface is what the modules say it is."""

import importlib
import pkgutil
from types import FunctionType, ModuleType

import pytest

import rawr.wire

PUBLIC = sorted(
    {"rawr.wire"}
    | {
        module.name
        for module in pkgutil.walk_packages(rawr.wire.__path__, "rawr.wire.")
        if "._" not in module.name
    }
)


@pytest.fixture(params=PUBLIC)
def module(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(request.param)


def test_exports_are_sorted_and_exist(module: ModuleType) -> None:
    exported: list[str] = module.__all__
    constants = sorted(name for name in exported if name.isupper())
    classes = sorted(name for name in exported if name[0].isupper() and not name.isupper())
    functions = sorted(name for name in exported if name[0].islower())
    assert exported == constants + classes + functions
    assert all(hasattr(module, name) for name in exported)


def test_every_export_is_documented(module: ModuleType) -> None:
    undocumented = [
        name
        for name in module.__all__
        if isinstance(value := getattr(module, name), type | FunctionType)
        and not (value.__doc__ or "").strip()
    ]
    assert undocumented == []


def test_no_codec_touches_a_socket_or_a_loop(module: ModuleType) -> None:
    assert not {"socket", "asyncio", "anyio"} & set(vars(module))
