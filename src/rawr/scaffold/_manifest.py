"""Registering a capability in `rawr_hq.py`: located through the syntax tree, edited as text.

Everything that is not added stays as it is, comments and layout included.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ._addition import COMPOSITION, DEFINE, Addition, Import
from ._errors import UnknownManifest
from ._generate import Surface
from ._layout import kind_and_name, lay_out
from ._names import CapabilityName
from ._source import Source

_COMPOSE: Final = "compose_capabilities"
_LOCAL: Final = ("packages", "plugins")
_INDENT: Final = "    "


def register_capability(text: str, name: CapabilityName, surfaces: frozenset[Surface]) -> str:
    """The manifest with the capability; the same text if it is there already.

    Raises:
        UnknownManifest: There is no one place to add it to; the message says what to add.
    """
    addition = Addition(name, surfaces)
    try:
        module = ast.parse(text)
        if name.snake in _registered(module):
            return text
        composed = _composition(module)
        source = Source(text)
        imports = list(addition.imports(with_contracts=composed.root is not None))
        _add_imports(source, module, imports)
        _add_entry(source, composed, addition)
        if composed.root is not None:
            _add_contract(source, module, composed.root, addition)
        return source.edited()
    except (SyntaxError, _Unrecognised) as error:
        raise UnknownManifest(_by_hand(str(error), addition)) from error


class _Unrecognised(Exception):
    """What is written in a form of its own."""


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


def _registered(module: ast.Module) -> Iterator[str]:
    for call in _calls(module, DEFINE):
        named = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
        for value in (*call.args[:1], *named):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def _composition(module: ast.Module) -> _Composition:
    calls = list(_calls(module, _COMPOSE))
    if len(calls) != 1:
        raise _Unrecognised(f"it calls {_COMPOSE} {len(calls)} times, and not once")
    (call,) = calls
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    entries = call.args[0] if call.args else keywords.get("capabilities")
    if not isinstance(entries, ast.List):
        raise _Unrecognised(f"the capabilities of {_COMPOSE} are not written as a list")
    return _Composition(call=call, entries=entries, root=_root(module, keywords.get("contract")))


def _root(module: ast.Module, contract: ast.expr | None) -> ast.ClassDef | None:
    if contract is None:
        return None
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == getattr(contract, "id", ""):
            return node
    raise _Unrecognised("the contract of the HQ is not one of its classes")


def _calls(module: ast.Module, function: str) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _last_name(node.func) == function:
            yield node


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


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
        raise _Unrecognised("the list of capabilities does not end on a line of its own")
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
        raise _Unrecognised(f"it defines {addition.name.pascal} already, as something else")
    assert root.end_lineno is not None  # a parsed node has an end
    first = min([root.lineno, *(one.lineno for one in root.decorator_list)])
    source.insert_lines(first, [*addition.contract_class(), "", ""])
    last = root.body[-1]
    gap = [""] if isinstance(last, ast.Expr) else []
    source.insert_lines(
        root.end_lineno + 1, [*gap, f"{' ' * last.col_offset}{addition.contract_field()}"]
    )


def _add_imports(source: Source, module: ast.Module, imports: Sequence[Import]) -> None:
    found = [node for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if not found:
        raise _Unrecognised("it imports nothing")
    _import_define(source, found)
    local = [node for node in found if _module_of(node).partition(".")[0] in _LOCAL]
    end = _after(found[-1])
    if not local:
        source.insert_lines(end, ["", *(one.line for one in imports)])
        return
    for one in imports:
        later = (node.lineno for node in local if _module_of(node) > one.module)
        source.insert_lines(next(later, _after(local[-1])), [one.line])


def _import_define(source: Source, found: Sequence[ast.Import | ast.ImportFrom]) -> None:
    """Import `define_capability`, beside what is imported from its module if that is simple."""
    for node in found:
        if _module_of(node) != COMPOSITION:
            continue
        names = [alias.name for alias in node.names]
        if DEFINE in names:
            return
        if not any(alias.asname for alias in node.names) and not source.has_comment(node):
            names = sorted([*names, DEFINE], key=kind_and_name)
            source.replace(node, lay_out(f"from {COMPOSITION} import {', '.join(names)}"))
            return
    source.insert_lines(found[0].lineno, [f"from {COMPOSITION} import {DEFINE}"])


def _module_of(node: ast.Import | ast.ImportFrom) -> str:
    return (node.module or "") if isinstance(node, ast.ImportFrom) else ""


def _after(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) + 1


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
