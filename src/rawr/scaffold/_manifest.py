"""Registering a capability in `rawr_hq.py`: located through the syntax tree, edited as text.

Everything that is not added stays as it is, comments and layout included.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ._addition import COMPOSITION, DEFINE, Addition
from ._errors import UnknownManifest
from ._extend import (
    Unrecognised,
    add_imports,
    add_keywords,
    calls_of,
    find_definition,
    module_of,
    surfaces_of,
)
from ._generate import BOTH, Surface
from ._layout import kind_and_name, lay_out
from ._names import CapabilityName
from ._source import Source

_COMPOSE: Final = "compose_capabilities"
_INDENT: Final = "    "


def register_capability(text: str, name: CapabilityName, surfaces: frozenset[Surface]) -> str:
    """The manifest with the capability and these of its surfaces, beside those it has.

    It is the same text if they are there already.

    Raises:
        UnknownManifest: There is no one place to add it to; the message says what to add.
    """
    addition = Addition(name, surfaces)
    try:
        module = ast.parse(text)
        definition = find_definition(module, name)
        if definition is None:
            return _with_capability(text, module, addition)
        addition = Addition(name, surfaces - surfaces_of(definition), is_registered=True)
        return _with_surfaces(text, module, definition, addition) if addition.surfaces else text
    except (SyntaxError, Unrecognised) as error:
        raise UnknownManifest(_by_hand(str(error), addition)) from error


def registered_surfaces(text: str, name: CapabilityName) -> frozenset[Surface] | None:
    """The surfaces a manifest gives a capability; None if it has no such capability.

    Raises:
        UnknownManifest: It is no Python.
    """
    try:
        definition = find_definition(ast.parse(text), name)
    except SyntaxError as error:
        raise UnknownManifest(f"rawr_hq.py cannot be read: {error}") from error
    return None if definition is None else surfaces_of(definition)


def _with_capability(text: str, module: ast.Module, addition: Addition) -> str:
    composed = _composition(module)
    source = Source(text)
    imports = list(addition.imports(with_contracts=composed.root is not None))
    _import_define(source, _imports_of(module))
    add_imports(source, _imports_of(module), imports)
    _add_entry(source, composed, addition)
    if composed.root is not None:
        _add_contract(source, module, composed.root, addition)
    return source.edited()


def _with_surfaces(text: str, module: ast.Module, definition: ast.Call, addition: Addition) -> str:
    typed = bool(addition.surfaces & BOTH) and _composition(module).root is not None
    source = Source(text)
    taken = set(_bound(module)) & {one.name for one in addition.imports(with_contracts=typed)}
    if taken:
        raise Unrecognised(f"it uses the name {min(taken)} already")
    add_imports(source, _imports_of(module), list(addition.imports(with_contracts=typed)))
    add_keywords(source, definition, list(addition.keywords()))
    if typed:
        _add_fields(source, module, addition)
    return source.edited()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composition:
    call: ast.Call
    entries: ast.List
    root: ast.ClassDef | None
    """The contract of the HQ, where it is written out."""


def _by_hand(why: str, addition: Addition) -> str:
    lines = [*(one.line for one in addition.imports()), "", *addition.entry()]
    return (
        f"rawr_hq.py cannot be edited: {why}. Nothing was written. Repeat the command after "
        f"mending that, or use this:\n\n" + "\n".join(f"{_INDENT}{line}".rstrip() for line in lines)
    )


def _composition(module: ast.Module) -> _Composition:
    calls = list(calls_of(module, _COMPOSE))
    if len(calls) != 1:
        raise Unrecognised(f"it calls {_COMPOSE} {len(calls)} times, and not once")
    (call,) = calls
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    entries = call.args[0] if call.args else keywords.get("capabilities")
    if not isinstance(entries, ast.List):
        raise Unrecognised(f"the capabilities of {_COMPOSE} are not written as a list")
    return _Composition(call=call, entries=entries, root=_root(module, keywords.get("contract")))


def _root(module: ast.Module, contract: ast.expr | None) -> ast.ClassDef | None:
    if contract is None:
        return None
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == getattr(contract, "id", ""):
            return node
    raise Unrecognised("the contract of the HQ is not one of its classes")


def _add_entry(source: Source, composed: _Composition, addition: Addition) -> None:
    entries = composed.entries
    assert entries.end_lineno is not None  # a parsed node has an end
    closing = source.line(entries.end_lineno)
    if not closing.lstrip().startswith("]"):
        _rewrite(source, composed, addition)
        return
    indent = _indent(closing) + _INDENT
    if entries.elts and not source.is_followed_by_comma(entries.elts[-1], entries):
        source.insert_after(entries.elts[-1], ",")
    source.insert_lines(entries.end_lineno, [f"{indent}{line}" for line in addition.entry()])


def _rewrite(source: Source, composed: _Composition, addition: Addition) -> None:
    """Write the call over several lines, which is how a list grows line by line."""
    call, entries = composed.call, composed.entries
    if source.has_comment(call):
        raise Unrecognised("the list of capabilities does not end on a line of its own")
    inner = [f"{_INDENT * 2}{source.segment(entry)}," for entry in entries.elts]
    inner += [f"{_INDENT * 2}{line}" for line in addition.entry()]
    rest = [
        f"{_INDENT}{source.segment(keyword)},"
        for keyword in call.keywords
        if keyword.value is not entries
    ]
    lines = [
        f"{source.segment(call.func)}(",
        f"{_INDENT}[",
        *inner,
        f"{_INDENT}]{',' if rest else ''}",
        *rest,
        ")",
    ]
    indent = _indent(source.line(call.lineno))
    source.replace(call, f"\n{indent}".join(lines))


def _add_contract(
    source: Source, module: ast.Module, root: ast.ClassDef, addition: Addition
) -> None:
    if addition.name.pascal in {getattr(node, "name", "") for node in module.body}:
        raise Unrecognised(f"it defines {addition.name.pascal} already, as something else")
    assert root.end_lineno is not None  # a parsed node has an end
    first = min([root.lineno, *(one.lineno for one in root.decorator_list)])
    source.insert_lines(first, [*addition.contract_class(), "", ""])
    last = root.body[-1]
    gap = [""] if isinstance(last, ast.Expr) else []
    source.insert_lines(
        root.end_lineno + 1, [*gap, f"{' ' * last.col_offset}{addition.contract_field()}"]
    )


def _add_fields(source: Source, module: ast.Module, addition: Addition) -> None:
    """Give the capability's own class what the HQ's contract is to reach."""
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == addition.name.pascal:
            last = node.body[-1]
            gap = [""] if isinstance(last, ast.Expr) else []
            lines = [f"{' ' * last.col_offset}{field}" for field in addition.class_fields()]
            source.insert_lines((node.end_lineno or node.lineno) + 1, [*gap, *lines])
            return
    raise Unrecognised(f"the contract of the HQ has no class {addition.name.pascal}")


def _bound(module: ast.Module) -> Iterator[str]:
    """The names that its imports, classes and functions take."""
    for node in module.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _imports_of(module: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    found = [node for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if not found:
        raise Unrecognised("it imports nothing")
    return found


def _import_define(source: Source, found: Sequence[ast.Import | ast.ImportFrom]) -> None:
    """Import `define_capability`, beside what is imported from its module if that is simple."""
    for node in found:
        if module_of(node) != COMPOSITION:
            continue
        names = [alias.name for alias in node.names]
        if DEFINE in names:
            return
        if not any(alias.asname for alias in node.names) and not source.has_comment(node):
            names = sorted([*names, DEFINE], key=kind_and_name)
            source.replace(node, lay_out(f"from {COMPOSITION} import {', '.join(names)}"))
            return
    source.insert_lines(found[0].lineno, [f"from {COMPOSITION} import {DEFINE}"])


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
