"""A Python source file: parsed once, its nodes by type, its names bound to what they import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final, TypeAlias, TypeVar, overload

from ._place import Place, place_of
from ._report import Finding

Node = TypeVar("Node", bound=ast.AST)
Node2 = TypeVar("Node2", bound=ast.AST)
Node3 = TypeVar("Node3", bound=ast.AST)
Scope: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_INDEXED: Final = (
    ast.AnnAssign,
    ast.Assign,
    ast.AsyncFor,
    ast.AsyncFunctionDef,
    ast.Attribute,
    ast.Await,
    ast.BinOp,
    ast.Call,
    ast.ClassDef,
    ast.Constant,
    ast.For,
    ast.FunctionDef,
    ast.Import,
    ast.ImportFrom,
    ast.JoinedStr,
    ast.Lambda,
    ast.Raise,
    ast.While,
)
_INDEXED_TYPES: Final = frozenset(_INDEXED)
_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_DYNAMIC_IMPORTS: Final = ("importlib.import_module", "__import__")


class Unparsable(Exception):
    """A source file that Python does not accept."""

    def __init__(self, path: str, line: int, column: int, reason: str) -> None:
        super().__init__(reason)
        self.finding = Finding(path, line, column, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported module, or one name of it."""

    node: ast.stmt | ast.expr
    module: str
    """Absolute: relative imports are resolved."""
    name: str = ""
    """The name taken from the module; empty if the module itself is imported."""
    is_typing_only: bool = False
    """True under `if TYPE_CHECKING:`; it never runs."""

    @property
    def dotted(self) -> str:
        """What is imported, as one dotted name."""
        return f"{self.module}.{self.name}" if self.name not in ("", "*") else self.module


@dataclass(slots=True, kw_only=True, eq=False)
class PythonFile:
    """A parsed module. Made by `parse_python`."""

    path: str
    place: Place
    module: str
    source: str
    tree: ast.Module
    is_package: bool
    imports: list[Import] = field(default_factory=list)
    bindings: dict[str, str] = field(default_factory=dict)
    """Imported names, and what they stand for."""
    definitions: dict[str, ast.AST] = field(default_factory=dict)
    """Module-level names and the class, function or value they are defined as."""
    _nodes: dict[type[ast.AST], list[ast.AST]] = field(default_factory=dict)
    _scopes: dict[ast.AST, Scope | None] = field(default_factory=dict)
    _typing_only: set[ast.AST] = field(default_factory=set)
    _lines: list[str] | None = None

    @overload
    def each(self, kind: type[Node], /) -> Iterator[Node]: ...
    @overload
    def each(self, kind: type[Node], second: type[Node2], /) -> Iterator[Node | Node2]: ...
    @overload
    def each(
        self, kind: type[Node], second: type[Node2], third: type[Node3], /
    ) -> Iterator[Node | Node2 | Node3]: ...
    def each(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """Every node of these types, in reading order; strings used as docs left out."""
        for kind in kinds:
            yield from self._nodes.get(kind, ())

    def function(self, node: ast.AST) -> Function | None:
        """The innermost named function around an indexed node."""
        scope = self._scopes.get(node)
        while scope is not None and not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            scope = self._scopes.get(scope)
        return scope

    def functions(self, node: ast.AST) -> Iterator[Function]:
        """Every named function around an indexed node, the innermost first."""
        found = self.function(node)
        while found is not None:
            yield found
            found = self.function(found)

    def dotted(self, node: ast.AST | None) -> str:
        """The dotted name of an expression with its imports resolved; empty if it is none."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        parts.append(self._bound(node.id))
        return ".".join(reversed(parts))

    def finding(self, node: ast.AST | None, message: str) -> Finding:
        """A finding at a node, or at the top of the file."""
        line = getattr(node, "lineno", 1)
        offset = getattr(node, "col_offset", 0)
        return Finding(self.path, line, self._column(line, offset), message)

    def _bound(self, name: str) -> str:
        if name in self.bindings:
            return self.bindings[name]
        return f"{self.module}.{name}" if name in self.definitions else name

    def _column(self, line: int, offset: int) -> int:
        """Characters from 1, where the parser counts bytes from 0."""
        if self._lines is None:
            self._lines = self.source.splitlines()
        if line > len(self._lines):
            return 1
        return len(self._lines[line - 1].encode()[:offset].decode(errors="ignore")) + 1


def parse_python(path: str, raw: bytes) -> PythonFile:
    """Parse a module and index it in one walk.

    Raises:
        Unparsable: It is not Python, at the place it says.
    """
    try:
        tree = ast.parse(raw, filename=path)
        source = _decoded(raw)
    except SyntaxError as error:
        raise Unparsable(path, error.lineno or 1, max(error.offset or 1, 1), error.msg) from error
    except (ValueError, LookupError) as error:
        raise Unparsable(path, 1, 1, str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise Unparsable(path, 1, 1, "it nests deeper than Python can parse") from error
    pure = PurePosixPath(path)
    is_package = pure.name == "__init__.py"
    parts = pure.parent.parts if is_package else pure.with_suffix("").parts
    file = PythonFile(
        path=path,
        place=place_of(path),
        module=".".join(parts),
        source=source,
        tree=tree,
        is_package=is_package,
    )
    _index(file)
    _define(file)
    for node in file.each(ast.Import, ast.ImportFrom):
        _bind(file, node)
    file.imports.extend(_dynamic_imports(file))
    return file


def _decoded(raw: bytes) -> str:
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    return raw.decode(encoding)


def _index(file: PythonFile) -> None:
    nodes, scopes = file._nodes, file._scopes  # noqa: SLF001 - the file's own factory
    pending: list[tuple[ast.AST, Scope | None, bool]] = [(file.tree, None, False)]
    while pending:
        node, scope, is_typing_only = pending.pop()
        kind = node.__class__
        if kind in _INDEXED_TYPES:
            nodes.setdefault(kind, []).append(node)
            scopes[node] = scope
            if is_typing_only:
                file._typing_only.add(node)  # noqa: SLF001 - the file's own factory
        if isinstance(node, _SCOPES):
            scope = node
        guarded = node.body if isinstance(node, ast.If) and _is_type_checking(node) else []
        children = [(child, scope, is_typing_only or child in guarded) for child in _children(node)]
        pending.extend(reversed(children))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring, or a string that documents an attribute
    for value in node.__dict__.values():
        if value.__class__ is list:
            for item in value:
                if isinstance(item, ast.AST):
                    yield item
        elif isinstance(value, ast.AST):
            yield value


def _is_type_checking(node: ast.If) -> bool:
    test = node.test
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _bind(file: PythonFile, node: ast.Import | ast.ImportFrom) -> None:
    is_typing_only = node in file._typing_only  # noqa: SLF001 - the file's own factory
    if isinstance(node, ast.Import):
        for alias in node.names:
            file.imports.append(Import(node=node, module=alias.name, is_typing_only=is_typing_only))
            bound = alias.name if alias.asname else alias.name.partition(".")[0]
            file.bindings[alias.asname or bound] = bound
        return
    module = _absolute(file, node)
    for alias in node.names:
        found = Import(node=node, module=module, name=alias.name, is_typing_only=is_typing_only)
        file.imports.append(found)
        if alias.name != "*":
            file.bindings[alias.asname or alias.name] = found.dotted


def _absolute(file: PythonFile, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = file.module.split(".")
    up = node.level - 1 if file.is_package else node.level
    base = parts[: len(parts) - up] if up <= len(parts) else []
    return ".".join((*base, *([node.module] if node.module else [])))


def _dynamic_imports(file: PythonFile) -> Iterator[Import]:
    for call in file.each(ast.Call):
        if call.args and file.dotted(call.func) in _DYNAMIC_IMPORTS:
            first = call.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Import(node=call, module=first.value)


def _define(file: PythonFile) -> None:
    for node in file.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            file.definitions[node.name] = node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    file.definitions[target.id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            file.definitions[node.target.id] = node.value or node
