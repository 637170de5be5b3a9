"""Diagrams: the names they use, and the calls they say are made."""

import importlib.util
import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

_PATH = re.compile(r"(?<![\w/.])(?:[\w-]+/)+[\w.-]*\w/?(?![\w*{])")
_FILE = re.compile(r"(?<![\w/.])\w+\.(?:py|md|toml)\b")
_MODULE = re.compile(r"\brawr(?:\.\w+)+")
_ROUTE = re.compile(r"(?<![\w/.])/(?:[\w{}.-]+/?)+")
_CALL = re.compile(r"^ *\d+ +(?P<file>\S+\.py) +(?P<name>[\w.<>]+)", re.MULTILINE)


class Made(NamedTuple):
    """A call that was made."""

    file: str
    name: str


def check_names(text: str, root: Path, routes: Collection[str]) -> None:
    """Every path, module and route a diagram names exists.

    A path is relative to the repository or to its HQ; a route is a mount or lies under one.
    """
    for path in [*_PATH.findall(text), *_FILE.findall(text)]:
        found = any((base / path).exists() for base in (root, root / "hq"))
        assert found, f"the diagram names {path}, which does not exist"
    for module in _MODULE.findall(text):
        assert _is_module(module), f"the diagram names {module}, which is no module"
    for route in _ROUTE.findall(text):
        known = any(f"{route.rstrip('/')}/".startswith(f"{mount}/") for mount in routes)
        assert known, f"the diagram names {route}, which no mount serves"


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def check_calls(text: str, root: Path, made: list[Made]) -> None:
    """The calls a sequence lists were made, in its order, with others in between."""
    remaining = iter(made)
    listed = [Made(str(root / call["file"]), call["name"]) for call in _CALL.finditer(text)]
    assert listed, "the sequence lists no calls: write lines such as '1  path/to/file.py  name'"
    for call in listed:
        assert Path(call.file).is_file(), f"{call.file} does not exist"
        assert call in remaining, f"{call.name} of {call.file} was not called, or not after that"


@contextmanager
def recorded() -> Iterator[list[Made]]:
    """Record each function entered in this thread, once per frame, in order."""
    made: list[Made] = []
    entered: dict[int, FrameType] = {}  # holding the frames keeps their ids from being reused

    def record(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and id(frame) not in entered:
            entered[id(frame)] = frame
            made.append(Made(frame.f_code.co_filename, frame.f_code.co_qualname))

    before: Callable[..., object] | None = sys.getprofile()
    sys.setprofile(record)
    try:
        yield made
    finally:
        sys.setprofile(before)
        entered.clear()
