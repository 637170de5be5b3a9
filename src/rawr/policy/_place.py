"""Where a file of an HQ stands: its layer, its capability and its role there."""

from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

MANIFEST_FILE: Final = "rawr_hq.py"


class Layer(Enum):
    """The layers of an HQ; imports point from a later one to an earlier one."""

    SHARED = "shared infrastructure"
    PACKAGE = "package"
    PLUGIN = "plugin"
    MANIFEST = "manifest"
    HOST = "host"
    SDK = "published SDK"
    TEST = "test"
    OTHER = "other"


RANK: Final = {
    Layer.SHARED: 0,
    Layer.PACKAGE: 1,
    Layer.PLUGIN: 2,
    Layer.MANIFEST: 3,
    Layer.HOST: 3,
}
"""How far up a layer stands; layers without a rank take no part in the import direction."""

_TOP_FOLDERS: Final = {
    "shared": Layer.SHARED,
    "packages": Layer.PACKAGE,
    "plugins": Layer.PLUGIN,
    "apps": Layer.HOST,
    "sdk": Layer.SDK,
}
_TEST_FOLDERS: Final = frozenset({"tests", "__tests__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A layer, and for packages and plugins the capability and the path inside its folder."""

    layer: Layer
    kind: str = ""
    """Of a plugin: `api`, `workflows`, `web`, or what its folder is called instead."""
    capability: str = ""
    inner: tuple[str, ...] = ()
    """The path inside the capability's folder, without the file's suffix."""

    @property
    def role(self) -> str:
        """The first step inside the capability's folder: `operations`, `router`, `domain`..."""
        return self.inner[0] if self.inner else ""

    @property
    def owner(self) -> tuple[Layer, str, str]:
        """What the file belongs to: one package, one plugin, or a whole layer."""
        return (self.layer, self.kind, self.capability)

    @property
    def is_durable(self) -> bool:
        """True for the durable side of a workflow plugin: its functions and adapters."""
        return self.layer is Layer.PLUGIN and self.role in ("functions", "durable")

    @property
    def is_boundary(self) -> bool:
        """True for the request side of an API or workflow plugin."""
        return (
            self.layer is Layer.PLUGIN and self.kind in ("api", "workflows") and not self.is_durable
        )


def place_of(path: str) -> Place:
    """The place of a file, by its path from the root of the HQ."""
    pure = PurePosixPath(path)
    parts = (*pure.parts[:-1], pure.name.split(".")[0])
    if _is_test(pure):
        return Place(layer=Layer.TEST)
    if path == MANIFEST_FILE:
        return Place(layer=Layer.MANIFEST)
    layer = _TOP_FOLDERS.get(parts[0], Layer.OTHER) if len(parts) > 1 else Layer.OTHER
    if layer is Layer.PACKAGE:
        return _package(parts)
    if layer is Layer.PLUGIN:
        return _plugin(parts)
    return Place(layer=layer)


def _package(parts: tuple[str, ...]) -> Place:
    if parts[1] == "__init__":
        return Place(layer=Layer.PACKAGE)
    return Place(layer=Layer.PACKAGE, capability=parts[1], inner=parts[2:])


def _plugin(parts: tuple[str, ...]) -> Place:
    kind = "" if parts[1] == "__init__" else parts[1]
    if len(parts) < 3 or parts[2] == "__init__":  # noqa: PLR2004 - plugins/<kind>/<capability>
        return Place(layer=Layer.PLUGIN, kind=kind)
    return Place(layer=Layer.PLUGIN, kind=kind, capability=parts[2], inner=parts[3:])


def _is_test(path: PurePosixPath) -> bool:
    if not _TEST_FOLDERS.isdisjoint(path.parts[:-1]):
        return True
    stem, *suffixes = path.name.split(".")
    if path.suffix == ".py":
        return stem.startswith("test_") or stem.endswith("_test") or stem == "conftest"
    return not {"test", "spec"}.isdisjoint(suffixes[:-1])
