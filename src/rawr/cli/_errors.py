"""Turning expected failures into one line and an exit code."""

import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

import click

_MENDABLE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "rawr.composition": ("CompositionError",),
        "rawr.contract": ("ContractError",),
        "rawr.durable.domain.errors": ("EngineError",),
        "rawr.host": ("ManifestBroken", "ManifestNotFound", "SettingsError"),
        "rawr.host.identity": ("IdentityError",),
        "rawr.openapi": ("OpenAPIGeneratorError",),
        "rawr.server": ("AddressInUse",),
        "rawr.sqlite": ("StorageError",),
    }
)
"""By module: the failures an operator can mend. What is not imported cannot have been raised."""


@contextmanager
def reported() -> Iterator[None]:
    """Report failures an operator can mend as `Error: ...` with exit code 1.

    With `RAWR_DEBUG` set, their tracebacks are written too.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, _mendable()):
            if os.environ.get("RAWR_DEBUG"):
                traceback.print_exception(error)
            raise click.ClickException(str(error)) from error
        raise


def _mendable() -> tuple[type[Exception], ...]:
    return tuple(
        getattr(sys.modules[module], name)
        for module, names in _MENDABLE.items()
        if module in sys.modules
        for name in names
    )
