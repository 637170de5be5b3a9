"""Contract classes: procedures by name, nested as annotations.

A contract class is read three ways: as a declaration (its class attributes), as a typed
client (its instances, bound to a link) and as a tree (`walk`), which is what routers,
generators and hosts use.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from typing_extensions import override

from ._errors import ContractError, TypedError
from ._inherited import Inherited, prefixed
from ._link import Link
from ._meta import MetaEntry
from ._procedure import Binding, ProcedureContract

C = TypeVar("C", bound="Contract")


class Contract(Binding):
    """Base of contract classes.

    Class keywords: `prefix` (prepended to explicit paths, its own and nested ones), `tags`
    (prepended), `errors` (declared on every procedure; its own win), `meta` (likewise:
    entries of `MetaKey`s), `publish` (publish every procedure that does not say no, or none),
    `camel_case` (False keeps Python's names on the wire). All but the prefix are for the
    contract's own procedures, not for nested contracts.

    >>> from rawr.contract import get
    >>> class Runs(Contract, prefix="/runs", tags=["runs"]):
    ...     get_status = get("/{runId}").input(dict).output(str)
    >>> class HQ(Contract):
    ...     runs: Runs
    >>> [(place.path, place.contract.definition.route.path) for place in walk(HQ)]
    [(('runs', 'getStatus'), '/runs/{runId}')]
    """

    contract_prefix: ClassVar[str] = ""
    contract_procedures: ClassVar[Mapping[str, ProcedureContract[Any, Any]]] = MappingProxyType({})
    contract_children: ClassVar[Mapping[str, "type[Contract]"]] = MappingProxyType({})
    contract_wire_names: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init_subclass__(
        cls,
        *,
        prefix: str = "",
        tags: tuple[str, ...] | list[str] = (),
        errors: tuple[type[TypedError[Any]], ...] | list[type[TypedError[Any]]] = (),
        meta: tuple[MetaEntry, ...] | list[MetaEntry] = (),
        publish: bool | None = None,
        camel_case: bool = True,
    ) -> None:
        super().__init_subclass__()
        _refuse_inheritance(cls)
        _refuse_reserved_names(cls)
        _refuse_contracts_as_values(cls)
        cls.contract_prefix = prefix
        inherited = Inherited(
            prefix=prefix, tags=tuple(tags), errors=tuple(errors), meta=tuple(meta), publish=publish
        )
        cls.contract_procedures = MappingProxyType(
            {
                name: inherited.apply(value).named(name)
                for name, value in vars(cls).items()
                if isinstance(value, ProcedureContract)
            }
        )
        for name, procedure in cls.contract_procedures.items():
            # One declaration may stand under several names; each place has its own copy.
            setattr(cls, name, procedure)
        cls.contract_children = MappingProxyType(dict(_children(cls)))
        for name in cls.contract_children:
            setattr(cls, name, _Child(name))
        cls.contract_wire_names = MappingProxyType(
            {
                name: _camel_case(name) if camel_case else name
                for name in (*cls.contract_procedures, *cls.contract_children)
            }
        )
        _refuse_clashing_names(cls)

    def __init__(self, link: Link, *, path: tuple[str, ...] = (), prefix: str = "") -> None:
        self._link = link
        self._path = path
        self._prefix = prefix

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client {'.'.join(self._path) or '(root)'}>"

    @override
    def bind(
        self, procedure: ProcedureContract[Any, Any]
    ) -> tuple[ProcedureContract[Any, Any], Link, tuple[str, ...]]:
        """See `Binding.bind`."""
        wire_name = self.contract_wire_names[procedure.name]
        return prefixed(procedure, self._prefix), self._link, (*self._path, wire_name)

    def child(self, name: str) -> "Contract":
        """The client of a nested contract."""
        nested = self.contract_children[name]
        return nested(
            self._link,
            path=(*self._path, self.contract_wire_names[name]),
            prefix=self._prefix + self.contract_prefix,
        )


@dataclass(frozen=True, slots=True)
class ContractProcedure:
    """A procedure at its place in a contract tree."""

    path: tuple[str, ...]
    """Wire path, such as `("invoicing", "workflows", "getRunStatus")`."""
    attributes: tuple[str, ...]
    """The same path in Python's names."""
    contract: ProcedureContract[Any, Any]
    """With the prefixes of the contracts around it applied."""


def walk(contract: type[Contract]) -> Iterator[ContractProcedure]:
    """Every procedure of a contract tree, in declaration order, own ones first."""
    yield from _walk(contract, (), (), "")


def create_client(contract: type[C], link: Link) -> C:
    """A typed client of a contract: `client.invoicing.get_status(...)` calls through the link.

    Raises:
        TypeError: What should carry the calls is no link.
    """
    if not callable(getattr(link, "call", None)):
        raise TypeError(
            f"A client calls through a link, such as RPCLink({link!r}) of rawr.client, "
            f"not through {type(link).__name__}"
        )
    return contract(link)


def compose_contracts(name: str, children: Mapping[str, type[Contract]]) -> type[Contract]:
    """A contract class made of others, by attribute name."""
    return type(name, (Contract,), {"__annotations__": dict(children), "__module__": __name__})


def derive_contract(
    contract: type[C],
    change: Callable[[ProcedureContract[Any, Any]], ProcedureContract[Any, Any]],
    *,
    prefix: str = "",
) -> type[C]:
    """A contract like another one, with every procedure of its tree changed.

    Prefixes, its own and the given one, become part of the paths before they are changed.
    """
    inner = prefix + contract.contract_prefix
    namespace = {name: value for name, value in vars(contract).items() if name not in _MADE}
    namespace["__annotations__"] = {
        name: derive_contract(child, change, prefix=inner)
        for name, child in contract.contract_children.items()
    }
    for name, procedure in contract.contract_procedures.items():
        namespace[name] = change(prefixed(procedure, prefix))
    for name in contract.contract_children:
        del namespace[name]
    derived: Any = type(contract.__name__, contract.__bases__, namespace)
    derived.contract_wire_names = contract.contract_wire_names
    made: type[C] = derived
    return made


_MADE = frozenset(
    ("__dict__", "__weakref__", *(name for name in vars(Contract) if name.startswith("contract_")))
)
"""What making a class makes anew."""


def _walk(
    contract: type[Contract], path: tuple[str, ...], attributes: tuple[str, ...], prefix: str
) -> Iterator[ContractProcedure]:
    wire = contract.contract_wire_names
    for name, procedure in contract.contract_procedures.items():
        yield ContractProcedure(
            (*path, wire[name]), (*attributes, name), prefixed(procedure, prefix)
        )
    for name, child in contract.contract_children.items():
        yield from _walk(
            child, (*path, wire[name]), (*attributes, name), prefix + contract.contract_prefix
        )


class _Child:
    """A nested contract: the class on a contract class, a client on a client."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Contract | None, owner: type[Contract]) -> Any:
        if instance is None:
            return owner.contract_children[self._name]
        child = instance.child(self._name)
        # This is no data descriptor: the next read finds the client in the instance itself.
        vars(instance)[self._name] = child
        return child


def _children(cls: type[Contract]) -> Iterator[tuple[str, type[Contract]]]:
    for name, annotation in inspect.get_annotations(cls, eval_str=True).items():
        if isinstance(annotation, type) and issubclass(annotation, Contract):
            yield name, annotation


def _refuse_inheritance(cls: type[Contract]) -> None:
    for base in cls.__mro__[1:]:
        if issubclass(base, Contract) and (base.contract_procedures or base.contract_children):
            raise ContractError(
                f"{cls.__name__} inherits from the contract {base.__name__}; nest it instead: "
                f"write `{_camel_case(base.__name__).lower()}: {base.__name__}`"
            )


def _refuse_reserved_names(cls: type[Contract]) -> None:
    procedures = (name for name, value in vars(cls).items() if isinstance(value, ProcedureContract))
    for name in (*procedures, *dict(_children(cls))):
        if hasattr(Contract, name) or name in _CLIENT_STATE:
            raise ContractError(f"{cls.__name__}.{name}: clients need this name; choose another")


def _refuse_contracts_as_values(cls: type[Contract]) -> None:
    for name, value in vars(cls).items():
        is_contract = isinstance(value, type) and issubclass(value, Contract)
        if is_contract and name != value.__name__:
            raise ContractError(
                f"{cls.__name__}.{name} = {value.__name__} nests nothing; write "
                f"`{name}: {value.__name__}`"
            )


def _refuse_clashing_names(cls: type[Contract]) -> None:
    attribute_of: dict[str, str] = {}
    for name, wire_name in cls.contract_wire_names.items():
        other = attribute_of.setdefault(wire_name, name)
        if other != name:
            raise ContractError(
                f"{cls.__name__}: {other} and {name} are both {wire_name!r} on the wire; rename one"
            )


_CLIENT_STATE = ("_link", "_path", "_prefix")


def _camel_case(name: str) -> str:
    first, *rest = name.strip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
