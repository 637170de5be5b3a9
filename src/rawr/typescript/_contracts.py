"""oRPC contracts: each contract class once, and the tree of each surface."""

from collections.abc import Iterator
from typing import Any, Final

from rawr.contract import Contract, EventIteratorSchema, ProcedureContract, Route, TypedError
from rawr.schema import SchemaAdapter, SchemaMode, UndescribableType

from ._declarations import Declarations
from ._errors import TypeScriptError
from ._names import Names
from ._text import camel, comment, indented, key, literal, paragraphs, quote

_NOTHING: Final = "type<void>()"


class Contracts:
    """Writes contract classes that have procedures; surfaces refer to them."""

    def __init__(self, declarations: Declarations, names: Names, *, published_only: bool) -> None:
        self._declarations = declarations
        self._names = names
        self._published_only = published_only
        self._errors: dict[str, tuple[str, str]] = {}
        """Name and text of each declared error, by its text."""
        self._consts: dict[tuple[type[Contract], str], str] = {}
        self._texts: list[str] = []

    def tree(self, contract: type[Contract], prefix: str = "") -> str | None:
        """An expression for a contract; None if nothing of it is shown."""
        members = [*self._members(contract, prefix)]
        if not members:
            return None
        body = f"{{\n{indented(''.join(members))}}}"
        if not any(self._is_shown(one) for one in contract.contract_procedures.values()):
            return body
        known = self._consts.get((contract, prefix))
        if known is None:
            known = self._names.take(camel(contract.__name__))
            self._consts[contract, prefix] = known
            about = comment(paragraphs(contract.__doc__))
            self._texts.append(f"{about}export const {known} = {body}\n")
        return known

    def texts(self) -> Iterator[str]:
        """Every error and every contract class, each before its first use."""
        yield from (text for _, text in self._errors.values())
        yield from self._texts

    def _is_shown(self, procedure: ProcedureContract[Any, Any]) -> bool:
        return procedure.definition.published or not self._published_only

    def _members(self, contract: type[Contract], prefix: str) -> Iterator[str]:
        wire = contract.contract_wire_names
        inner = prefix + contract.contract_prefix
        for name, procedure in contract.contract_procedures.items():
            if self._is_shown(procedure):
                yield self._described(contract, wire[name], procedure, prefix)
        for name, child in contract.contract_children.items():
            tree = self.tree(child, inner)
            if tree is not None:
                yield f"{key(wire[name])}: {tree},\n"

    def _described(
        self,
        contract: type[Contract],
        name: str,
        procedure: ProcedureContract[Any, Any],
        prefix: str,
    ) -> str:
        try:
            return self._procedure(name, procedure, prefix)
        except UndescribableType as error:
            raise TypeScriptError(f"{contract.__name__}.{procedure.name}: {error}") from error

    def _procedure(self, name: str, procedure: ProcedureContract[Any, Any], prefix: str) -> str:
        definition = procedure.definition
        route = definition.route
        calls = [*_route(route, prefix)]
        if definition.errors:
            errors = ", ".join(
                f"{key(code)}: {self._error(error)}" for code, error in definition.errors.items()
            )
            calls.append(f".errors({{ {errors} }})")
        calls.append(f".input({self._schema(definition.input, 'input')})")
        calls.append(f".output({self._schema(definition.events or definition.output, 'output')})")
        chain = "".join(f"\n  {call}" for call in calls)
        return f"{comment(_about(route))}{key(name)}: oc{chain},\n"

    def _schema(self, adapter: SchemaAdapter[Any] | None, mode: SchemaMode) -> str:
        if adapter is None:
            return _NOTHING
        if isinstance(adapter, EventIteratorSchema):
            kinds = (adapter.item, adapter.returns)
            schemas = (self._schema(kind, mode) for kind in kinds if kind is not None)
            return f"eventIterator({', '.join(schemas)})"
        return f"type<{self._declarations.use(adapter, mode)}>()"

    def _error(self, error: type[TypedError[Any]]) -> str:
        fields = f"status: {error.status}, message: {quote(error.default_message)}"
        if error.data_schema is not None:
            fields += f", data: type<{self._declarations.use(error.data_schema, 'output')}>()"
        known = self._errors.get(f"{error.code} {fields}")
        if known is None:
            name = self._names.take(camel(error.code.lower()))
            known = (name, f"const {name} = {{ {fields} }}\n")
            self._errors[f"{error.code} {fields}"] = known
        return known[0]


def _route(route: Route, prefix: str) -> Iterator[str]:
    fields: dict[str, str] = {}
    if route.method is not None or route.path is not None:
        fields["method"] = route.effective_method
    if route.path is not None:
        fields["path"] = prefix + route.path
    if route.input_structure != "compact":
        fields["inputStructure"] = route.input_structure
    if route.output_structure != "compact":
        fields["outputStructure"] = route.output_structure
    if fields:
        yield f".route({literal(fields)})"


def _about(route: Route) -> Iterator[str]:
    yield from paragraphs(route.summary)
    yield from paragraphs(route.description)
    if route.deprecated:
        yield "@deprecated"
