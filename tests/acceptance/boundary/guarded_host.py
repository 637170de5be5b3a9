"""`rawr serve` under observation: every connection the process opens is written down.

Run as a module with the folder of an HQ, the file to write to, and, to prove that the acceptance
suites can fail, the names of guards to take away.
"""

import os
import sys
from collections.abc import Sequence

import pytest

from rawr.cli import main
from tests.acceptance.boundary.mutants import MUTANTS
from tests.acceptance.boundary.sockets import watch_connections


def run(arguments: Sequence[str]) -> None:
    """Serve an HQ until a signal comes."""
    hq_dir, log, *mutants = arguments
    sys.modules["uvloop"] = None  # type: ignore[assignment]  # it connects without telling Python
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)

    def note(address: str) -> None:
        os.write(descriptor, f"{address}\n".encode())

    watch_connections(note)
    for name in mutants:
        MUTANTS[name](pytest.MonkeyPatch())
    main(["serve", hq_dir])


if __name__ == "__main__":
    run(sys.argv[1:])
