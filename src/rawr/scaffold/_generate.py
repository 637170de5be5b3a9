"""Generating the files of an HQ and of a capability: names in, texts by path out."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, TypeAlias

from ._names import CapabilityName, check_hq_name
from ._render import render

Files: TypeAlias = Mapping[str, str]
"""Texts by their path from the root of the HQ, in the order of the paths."""

OPENAPI_FILE: Final = "openapi.json"
"""Where an HQ keeps its published OpenAPI document: beside its manifest."""

_TEMPLATES: Final = files("rawr.scaffold") / "templates"
_SUFFIX: Final = ".tpl"
_NAME: Final = "NAME"
_DOTFILES: Final = {"gitignore": ".gitignore", "npmrc": ".npmrc"}


class Surface(StrEnum):
    """What puts a capability on the wire."""

    API = "api"
    WEB = "web"
    WORKFLOW = "workflow"


BOTH: Final = frozenset({Surface.API, Surface.WORKFLOW})
"""What a capability has unless something else is asked for."""


def hq_files(name: str) -> Files:
    """A new HQ without capabilities.

    Raises:
        InvalidName: The name cannot be used.
    """
    names = {"name": check_hq_name(name)}
    return _generate({path: render(text, names) for path, text in _templates("hq")})


def capability_files(name: CapabilityName, surfaces: frozenset[Surface]) -> Files:
    """A capability: package, a plugin for each surface, tests."""
    return _rendered(name, ("common", *sorted(surfaces)), surfaces)


def web_plugin_files(name: CapabilityName, calls: frozenset[Surface]) -> Files:
    """The web plugin of a capability that is there already.

    It calls the surfaces in `calls`, as far as they are those the scaffold writes.
    """
    tests = f"tests/{name.snake}/__init__.py"
    shared = _rendered(name, ("common",), calls)[tests]
    return _generate({tests: shared, **_rendered(name, (Surface.WEB,), calls)})


def _rendered(name: CapabilityName, layers: Sequence[str], surfaces: frozenset[Surface]) -> Files:
    names = {
        "name": name.snake,
        "Name": name.pascal,
        "camel": name.camel,
        "kebab": name.kebab,
    }
    conditions: set[str] = {*surfaces}
    if surfaces & BOTH:
        conditions.add("calls")
    if surfaces >= BOTH:
        conditions.add("both")
    return _generate(
        {
            path.replace(_NAME, name.snake): render(text, names, conditions)
            for layer in layers
            for path, text in _templates("capability", layer)
        }
    )


def _generate(texts: Files) -> Files:
    return dict(sorted(texts.items()))


def _templates(*folder: str) -> Iterator[tuple[str, str]]:
    for path, file in _walk(_TEMPLATES.joinpath(*folder), ""):
        *above, last = path.removesuffix(_SUFFIX).split("/")
        yield "/".join([*above, _DOTFILES.get(last, last)]), file.read_text(encoding="utf-8")


def _walk(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        path = above + entry.name
        if entry.is_dir():
            yield from _walk(entry, f"{path}/")
        elif entry.name.endswith(_SUFFIX):
            yield path, entry
