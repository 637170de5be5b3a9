"""Rules about schemas: 30, 38, 39, 40, 41, 42."""

import ast
from collections.abc import Iterator
from typing import Final

from rawr.policy._place import Layer
from rawr.policy._python import PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._io import IoUse, io_uses
from ._select import (
    SCHEMA_ROOTS,
    calls,
    classes,
    derives_from,
    domain,
    fields,
    is_contract_module,
    starts_with,
)

_OWN_LAYERS: Final = (Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN)
_OTHER_LIBRARIES: Final = (
    "attr",
    "attrs",
    "cattrs",
    "cerberus",
    "colander",
    "dataclasses_json",
    "jsonschema",
    "mashumaro",
    "marshmallow",
    "schema",
    "schematics",
    "trafaret",
    "typeguard",
    "voluptuous",
)
_RAW_MODELS: Final = {"pydantic.BaseModel": "pydantic", "msgspec.Struct": "msgspec"}
_ADAPTERS: Final = ("apispec", "msgspec.json.schema", "openapi_pydantic", "pydantic.json_schema")
_ADAPTER_CALLS: Final = frozenset(
    {
        "msgspec.json.schema",
        "msgspec.json.schema_components",
        "pydantic.TypeAdapter",
        "rawr.openapi.generate_openapi",
    }
)
_ADAPTER_METHODS: Final = frozenset({"model_json_schema", "schema_json"})
_ADAPTER_ROOT: Final = frozenset({"rawr.schema.SchemaAdapter"})
_HAND_WRITTEN: Final = frozenset(
    {"typing.NamedTuple", "typing.TypedDict", "typing_extensions.TypedDict"}
)
_ENUMS: Final = frozenset({"enum.Enum", "enum.StrEnum"})
_BUILTINS: Final = frozenset(
    {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple"}
)
_MIN_SHARED_FIELDS: Final = 2


def _io_lives_with_contract(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(*_OWN_LAYERS):
        for use in io_uses(tree, file):
            where = use.declared_in
            if where is not None and not _is_io_home(where):
                yield file.finding(use.node, f"{use.name} is declared in {where.module}")


def _is_io_home(file: PythonFile) -> bool:
    """Contracts and procedures; errors, whose data may name the input; the domain has 25 and 29."""
    return file.place.role in ("procedures", "errors", "domain") or is_contract_module(file)


def _one_library(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(*_OWN_LAYERS):
        for imported in file.imports:
            if starts_with(imported.dotted, _OTHER_LIBRARIES):
                yield file.finding(imported.node, f"{imported.dotted} is a second schema library")
        for node in file.each(ast.ClassDef):
            for base in node.bases:
                library = _RAW_MODELS.get(tree.name(file, base))
                if library:
                    message = f"{node.name} derives from {library} past the schema layer"
                    yield file.finding(node, message)


def _one_definition(tree: Tree) -> Iterator[Finding]:
    for capability, files in _domains(tree).items():
        known: dict[frozenset[str], str] = {}
        for file in files:
            for node in classes(tree, file, SCHEMA_ROOTS):
                known.setdefault(fields(node), node.name)
        for file in tree.python(Layer.PACKAGE, Layer.PLUGIN):
            if file.place.capability == capability:
                yield from _duplicates(tree, file, known)
        yield from _duplicate_enums(tree, files)


def _domains(tree: Tree) -> dict[str, list[PythonFile]]:
    found: dict[str, list[PythonFile]] = {}
    for file in domain(tree):
        found.setdefault(file.place.capability, []).append(file)
    return found


def _duplicates(
    tree: Tree, file: PythonFile, known: dict[frozenset[str], str]
) -> Iterator[Finding]:
    for node in file.each(ast.ClassDef):
        names = fields(node)
        if len(names) < _MIN_SHARED_FIELDS or names not in known:
            continue
        if _is_hand_written(tree, file, node):
            yield file.finding(node, f"{node.name} repeats the fields of {known[names]}")


def _is_hand_written(tree: Tree, file: PythonFile, node: ast.ClassDef) -> bool:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if tree.name(file, called) == "dataclasses.dataclass":
            return True
    return derives_from(tree, file, node, _HAND_WRITTEN)


def _duplicate_enums(tree: Tree, files: list[PythonFile]) -> Iterator[Finding]:
    literals: dict[frozenset[str], str] = {}
    for file in files:
        for name, value in file.definitions.items():
            members = _literal_members(tree, file, value)
            if members:
                literals.setdefault(members, name)
    for file in files:
        for node in classes(tree, file, _ENUMS):
            members = frozenset(
                str(item.value.value)
                for item in node.body
                if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant)
            )
            if members in literals:
                yield file.finding(node, f"{node.name} repeats the values of {literals[members]}")


def _literal_members(tree: Tree, file: PythonFile, node: ast.AST) -> frozenset[str]:
    if not isinstance(node, ast.Subscript) or tree.name(file, node.value) != "typing.Literal":
        return frozenset()
    items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return frozenset(str(item.value) for item in items if isinstance(item, ast.Constant))


def _object_roots(tree: Tree) -> Iterator[Finding]:
    for file in tree.python():
        for use in io_uses(tree, file):
            raw = _raw_root(use)
            if raw:
                yield file.finding(use.node, f".{use.part}() is given {raw}")


def _raw_root(use: IoUse) -> str:
    node = use.definition or use.node
    if isinstance(node, ast.Name | ast.Attribute) and use.canonical not in _BUILTINS:
        return ""
    if isinstance(node, ast.ClassDef | ast.Call):
        return ""
    return f"the bare type {ast.unparse(use.node)}"


def _inline_io(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(*_OWN_LAYERS):
        names = file.definitions
        for name, node in names.items():
            if name.endswith(("InputSchema", "OutputSchema")):
                yield file.finding(node, f"{name} is an extracted half of a pair")
            elif name.endswith("Input") and name.removesuffix("Input") + "Output" in names:
                yield file.finding(node, f"{name} is extracted apart from its output")


def _one_adapter(tree: Tree) -> Iterator[Finding]:
    for file in tree.python():
        for imported in file.imports:
            if starts_with(imported.dotted, _ADAPTERS):
                yield file.finding(imported.node, f"{imported.dotted} is a second schema converter")
        for call in calls(tree, file, _ADAPTER_CALLS):
            yield file.finding(call, f"{tree.name(file, call.func)} is called past the one adapter")
        for node in file.each(ast.Attribute):
            if node.attr in _ADAPTER_METHODS:
                yield file.finding(node, f"{node.attr} converts a schema past the one adapter")
        for declared in classes(tree, file, _ADAPTER_ROOT):
            yield file.finding(declared, f"{declared.name} is a second schema adapter")


RULES: Final = (
    Rule(
        number=30,
        title="Input and output schemas live with their contract or procedure",
        reason="a shared folder of schemas couples procedures that have nothing in common",
        fix="move the schema to the contract module that uses it",
        source=_io_lives_with_contract,
    ),
    Rule(
        number=38,
        title="There is one schema library, used through rawr.schema",
        reason="two libraries are two wire formats, two validations and two sets of errors",
        fix="derive from rawr.schema.Schema",
        source=_one_library,
    ),
    Rule(
        number=39,
        title="A domain schema gives schema and static type from one definition",
        reason="a hand-written twin drifts from the schema it repeats",
        fix="use the schema class itself as the type, or derive the one from the other",
        source=_one_definition,
    ),
    Rule(
        number=40,
        title="Object roots are schema classes; any other root is wrapped explicitly",
        reason="a bare dict or list has no name, no fields and no way to grow",
        fix="declare a Schema class, or wrap the type: .output(adapt(list[Item]))",
        source=_object_roots,
    ),
    Rule(
        number=41,
        title="Input and output stay inline at .input and .output; what is extracted is a pair",
        reason="FooInputSchema here and FooOutputSchema there are one contract in two places",
        fix="name the classes for what they are, next to the procedure that uses them",
        source=_inline_io,
    ),
    Rule(
        number=42,
        title="There is one schema adapter and one OpenAPI converter",
        reason="a second converter publishes other schemas than the ones that validate",
        fix="use rawr.schema.adapt, and the document that the host generates",
        source=_one_adapter,
    ),
)
