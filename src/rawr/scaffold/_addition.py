"""What a capability adds to the manifest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ._generate import BOTH, Surface
from ._layout import lay_out
from ._names import CapabilityName

DEFINE: Final = "define_capability"
COMPOSITION: Final = "rawr.composition"


@dataclass(frozen=True, slots=True)
class Import:
    """An import line and the module it is sorted by."""

    module: str
    names: str

    @property
    def name(self) -> str:
        """The name it binds."""
        return self.names.rpartition(" as ")[2]

    @property
    def line(self) -> str:
        """The line, broken if it is too long."""
        return lay_out(f"from {self.module} import {self.names}")


@dataclass(frozen=True, slots=True)
class Addition:
    """A capability with its surfaces, as lines of `rawr_hq.py`."""

    name: CapabilityName
    surfaces: frozenset[Surface]
    is_registered: bool = False
    """Whether only these surfaces are added, to a capability that is there already."""

    def imports(self, *, with_contracts: bool = False) -> Iterator[Import]:
        """What its entry uses, and with contracts also what its class uses."""
        name = self.name.snake
        if not self.is_registered:
            yield Import(f"packages.{name}", f"capability as {name}_package")
        for surface in sorted(self.surfaces):
            yield Import(f"{_FOLDERS[surface]}.{name}", f"surface as {self._alias(surface)}")
            if with_contracts and surface in BOTH:
                yield Import(f"{_FOLDERS[surface]}.{name}.contract", self._contract(surface))

    def entry(self) -> list[str]:
        """Its element of the list of capabilities; what that is to have more, if it is there."""
        if self.is_registered:
            return [f'{DEFINE}("{self.name.snake}", ..., {" ".join(self.keywords())[:-1]})']
        package = f"{self.name.snake}_package"
        return [
            f"{DEFINE}(",
            f'    "{self.name.snake}",',
            f"    provide={package}.provide,",
            f"    roles={package}.ROLES,",
            f"    migrations={package}.MIGRATIONS,",
            *(f"    {line}" for line in self.keywords()),
            "),",
        ]

    def keywords(self) -> Iterator[str]:
        """What its definition is given for each surface, a line each."""
        return (f"{FIELDS[one]}={self._alias(one)}," for one in sorted(self.surfaces))

    def contract_class(self) -> list[str]:
        """Its class in an HQ that writes its contract out."""
        name = self.name.pascal
        return [
            f"class {name}(Contract):",
            f'    """{name}, as first parties reach it."""',
            "",
            *(f"    {line}" for line in self.class_fields()),
        ]

    def class_fields(self) -> Iterator[str]:
        """The fields of that class, a line each."""
        return (f"{FIELDS[one]}: {self._contract(one)}" for one in sorted(self.surfaces & BOTH))

    def contract_field(self) -> str:
        """Its line in the contract of the HQ."""
        return f"{self.name.snake}: {self.name.pascal}"

    def _alias(self, surface: Surface) -> str:
        return f"{self.name.snake}_{FIELDS[surface]}"

    def _contract(self, surface: Surface) -> str:
        return f"{self.name.pascal}{FIELDS[surface].title()}"


FIELDS: Final = {Surface.API: "api", Surface.WEB: "web", Surface.WORKFLOW: "workflows"}
_FOLDERS: Final = {surface: f"plugins.{field}" for surface, field in FIELDS.items()}
