"""A whole HQ: its files by module, with names followed through re-exports."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ._browser import ScriptFile, parse_script
from ._place import MANIFEST_FILE, Layer, Place, place_of
from ._python import Import, PythonFile, Unparsable, parse_python
from ._read import UnreadableTree, read_tree
from ._report import Finding, Skipped

_MAX_HOPS: Final = 32


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata file of a plugin or a package: `package.json` or `pyproject.toml`."""

    path: str
    place: Place
    content: Mapping[str, Any]
    source: str

    def finding(self, key: str, message: str) -> Finding:
        """A finding at the first line that spells a key, or at the top."""
        found = re.search(rf'(?m)^.*?(?=["\']?\b{re.escape(key)}\b)', self.source)
        if found is None:
            return Finding(self.path, 1, 1, message)
        line = self.source.count("\n", 0, found.start()) + 1
        return Finding(self.path, line, found.end() - found.start() + 1, message)


@dataclass(slots=True, kw_only=True)
class _Contents:
    python: list[PythonFile] = field(default_factory=list)
    scripts: list[ScriptFile] = field(default_factory=list)
    metadata: list[Metadata] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)


class Tree:
    """The sources of an HQ, each parsed once."""

    def __init__(self, root: Path, contents: _Contents, skipped: tuple[Skipped, ...]) -> None:
        self.root = root
        self.files = tuple(contents.python)
        # A folder and a file of one name are one module to Python: the folder's.
        ordered = sorted(contents.python, key=lambda file: file.is_package)
        self.modules: Mapping[str, PythonFile] = {file.module: file for file in ordered}
        self.scripts = tuple(contents.scripts)
        self.metadata = tuple(contents.metadata)
        self.broken = tuple(contents.broken)
        """Files that could not be parsed."""
        self.skipped = skipped
        self._canonical: dict[str, str] = {}

    @property
    def file_count(self) -> int:
        """How many files were looked at."""
        return sum(map(len, (self.files, self.scripts, self.metadata, self.broken)))

    @cached_property
    def _by_layer(self) -> dict[Layer, list[PythonFile]]:
        found: dict[Layer, list[PythonFile]] = {}
        for file in self.files:
            found.setdefault(file.place.layer, []).append(file)
        return found

    def python(self, *layers: Layer) -> Iterator[PythonFile]:
        """The Python files of some layers; of all but tests if none is named."""
        for layer in layers or [layer for layer in Layer if layer is not Layer.TEST]:
            yield from self._by_layer.get(layer, ())

    def target(self, imported: Import) -> PythonFile | None:
        """The file of this HQ that an import leads to, if it does."""
        return self.modules.get(imported.dotted) or self.modules.get(imported.module)

    def edges(self, file: PythonFile) -> Iterator[tuple[Import, PythonFile]]:
        """The imports of a file that lead to other files of this HQ."""
        for imported in file.imports:
            target = self.target(imported)
            if target is not None and target is not file:
                yield imported, target

    def canonical(self, dotted: str) -> str:
        """Where a dotted name is defined, followed through the modules that re-export it."""
        known = self._canonical.get(dotted)
        if known is None:
            known = self._canonical[dotted] = self._follow(dotted)
        return known

    def name(self, file: PythonFile, node: ast.AST | None) -> str:
        """The canonical dotted name of an expression; empty if it is none."""
        dotted = file.dotted(node)
        return self.canonical(dotted) if dotted else ""

    def definition(self, dotted: str) -> tuple[PythonFile, ast.AST] | None:
        """The file and the node that define a canonical name of this HQ."""
        file, name = self._split(dotted)
        node = file.definitions.get(name) if file is not None else None
        return None if file is None or node is None else (file, node)

    def _follow(self, dotted: str) -> str:
        for _ in range(_MAX_HOPS):
            file, name = self._split(dotted)
            first, _, rest = name.partition(".")
            if file is None or first in file.definitions or first not in file.bindings:
                return dotted
            followed = ".".join(filter(None, (file.bindings[first], rest)))
            if followed == dotted:
                return dotted
            dotted = followed
        return dotted

    def _split(self, dotted: str) -> tuple[PythonFile | None, str]:
        module, name = dotted, ""
        while module:
            if module in self.modules and name:
                return self.modules[module], name
            module, _, last = module.rpartition(".")
            name = f"{last}.{name}" if name else last
        return None, dotted


def load_tree(root: Path) -> Tree:
    """Read and parse the sources of an HQ.

    Raises:
        UnreadableTree: The folder holds no HQ, or cannot be read.
    """
    raw = read_tree(root)
    if MANIFEST_FILE not in raw.files:
        raise UnreadableTree(f"{root} holds no {MANIFEST_FILE}; give the folder of an HQ")
    contents = _Contents()
    for path, content in raw.files.items():
        _add(contents, path, content)
    return Tree(root, contents, tuple(raw.skipped))


def _add(contents: _Contents, path: str, raw: bytes) -> None:
    try:
        if path.endswith(".py"):
            contents.python.append(parse_python(path, raw))
        elif path.endswith((".json", ".toml")):
            contents.metadata.append(_metadata(path, raw))
        else:
            contents.scripts.append(parse_script(path, raw))
    except Unparsable as error:
        contents.broken.append(error.finding)


def _metadata(path: str, raw: bytes) -> Metadata:
    try:
        source = raw.decode()
        content = json.loads(source) if path.endswith(".json") else tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        raise Unparsable(path, getattr(error, "lineno", 1), 1, str(error)) from error
    return Metadata(path, place_of(path), content if isinstance(content, dict) else {}, source)
