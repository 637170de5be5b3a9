"""Where a part of a capability is written, for messages that name the culprit."""

import sys
from pathlib import Path
from typing import Any

from rawr.contract import Contract


def written_in(part: Any) -> str:
    """The part with its file, such as `create_router (plugins/api/invoicing/router.py:12)`."""
    name = getattr(part, "__qualname__", None) or type(part).__name__
    return f"{name} ({place_of(part)})"


def place_of(part: Any) -> str:
    """The file of a contract or function, with the line where that is known."""
    code = getattr(part, "__code__", None)
    if code is not None:
        return f"{_shown(code.co_filename)}:{code.co_firstlineno}"
    module = getattr(part, "__module__", None) or "unknown"
    file = getattr(sys.modules.get(module), "__file__", None)
    return module if file is None else _shown(file)


def procedure_in(contract: type[Contract], attributes: tuple[str, ...]) -> str:
    """A procedure with the file of the contract that declares it."""
    for name in attributes[:-1]:
        contract = contract.contract_children[name]
    return f"{contract.__name__}.{attributes[-1]} ({place_of(contract)})"


def _shown(file: str) -> str:
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
