"""What procedures take over from the contract or router around them."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ._errors import ContractError, TypedError
from ._meta import MetaEntry
from ._procedure import ProcedureContract

P = TypeVar("P", bound=ProcedureContract[Any, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a contract class or a router adds to its procedures.

    Raises:
        ContractError: The prefix is no path.
    """

    prefix: str = ""
    """Goes before explicit paths only."""
    tags: tuple[str, ...] = ()
    """Come before a procedure's own."""
    errors: tuple[type[TypedError[Any]], ...] = ()
    """A procedure's own error of the same code wins."""
    meta: tuple[MetaEntry, ...] = ()
    """A procedure's own entry of the same name wins."""
    publish: bool | None = None
    """None leaves it to the procedures; of two words, the one that keeps it out wins."""

    def __post_init__(self) -> None:
        if self.prefix and (not self.prefix.startswith("/") or self.prefix.endswith("/")):
            raise ContractError(f"prefix {self.prefix!r} must start and not end with '/'")

    def apply(self, procedure: P) -> P:
        """The procedure with all of this added."""
        declared = procedure.definition
        adopted = prefixed(procedure, self.prefix).route(tags=(*self.tags, *declared.route.tags))
        if self.errors:
            adopted = adopted.errors(*self.errors, *declared.errors.values())
        if self.meta:
            adopted = adopted.meta(*self.meta, *declared.meta.items())
        is_kept_out = declared.publication is False
        if self.publish is None or is_kept_out:
            return adopted
        return adopted.publish(published=self.publish)


def prefixed(procedure: P, prefix: str) -> P:
    """The procedure with a prefix before its path, if it has an explicit one."""
    definition = procedure.definition
    if not prefix or definition.route.path is None:
        return procedure
    route = replace(definition.route, path=prefix + definition.route.path)
    return procedure.with_definition(replace(definition, route=route))
