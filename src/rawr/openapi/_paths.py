"""The paths of a document: every operation at its route, each under a name of its own."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rawr.contract import ContractProcedure, ProcedureContract, SpecOverride, spec_of
from rawr.procedure import Procedure
from rawr.schema import UndescribableType
from rawr.wire.path import encode_path

from ._errors import OpenAPIGeneratorError, Problem, Undescribable
from ._operation import OperationWriter


class Paths:
    """The paths of a document while they are collected, and what went wrong with them."""

    def __init__(self, writer: OperationWriter) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self._writer = writer
        self._problems: list[Problem] = []
        self._ids: dict[str, str] = {}
        self._routes: dict[tuple[str, str], str] = {}

    def add(
        self,
        place: ContractProcedure,
        *,
        prefix: str = "",
        namespace: tuple[str, ...] = (),
    ) -> None:
        """Describe a procedure, or note why that is impossible."""
        contract, name = place.contract, ".".join((*namespace, *place.path))
        route = contract.definition.route
        path = encode_path(place.path) if route.path is None else route.path
        path = _standard_path(prefix + path)
        try:
            operation = self._describe(contract, path, name)
            self._claim(name, operation.get("operationId"), path, route.effective_method)
        except (Undescribable, UndescribableType) as finding:
            self._problems.append(Problem(name, str(finding)))
        else:
            shown = _REST_PARAM.sub("{", path)
            self.items.setdefault(shown, {})[route.effective_method.lower()] = operation

    def finish(self) -> None:
        """Raise what went wrong."""
        if self._problems:
            raise OpenAPIGeneratorError(self._problems)

    def _describe(
        self, contract: ProcedureContract[Any, Any], path: str, name: str
    ) -> dict[str, Any]:
        override = contract.definition.route.spec
        if isinstance(override, Mapping):
            operation = dict(override)
        else:
            operation = self._writer.write(contract.definition, path, name)
            operation = operation if override is None else override(operation)
        for extend in _extensions(contract):
            operation = (
                {**operation, **extend} if isinstance(extend, Mapping) else extend(operation)
            )
        return operation

    def _claim(self, name: str, operation_id: str | None, path: str, method: str) -> None:
        """Give the procedure its operation id and its route, unless another one has them.

        Holders are compared by identity: two sections may have procedures of one name.
        """
        if operation_id is not None:
            holder = self._ids.setdefault(operation_id, name)
            if holder is not name:
                raise Undescribable(f"its operation id {operation_id!r} is that of {holder} too")
        route = (method, _ANY_PARAM.sub("{}", path))
        holder = self._routes.setdefault(route, name)
        if holder is not name:
            raise Undescribable(f"its route {method} {path} is that of {holder} too")


def _extensions(contract: ProcedureContract[Any, Any]) -> Iterator[SpecOverride]:
    """What declared errors, then middleware, add to an operation."""
    middlewares = contract.middlewares if isinstance(contract, Procedure) else ()
    for target in (*contract.definition.errors.values(), *middlewares):
        extend = spec_of(target)
        if extend is not None:
            yield extend


_SLASHES: Final = re.compile(r"/{2,}")
_REST_PARAM: Final = re.compile(r"\{\+")
_ANY_PARAM: Final = re.compile(r"\{[^{}]*\}")


def _standard_path(path: str) -> str:
    return "/" + _SLASHES.sub("/", path).strip("/")
