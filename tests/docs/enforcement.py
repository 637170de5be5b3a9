"""Where each of the 75 rules of the architecture is held, beside the check of the sources.

Tests and boot refusals are named by files that exist; `test_rules_page` sees to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from rawr.policy import RULES

COUNT: Final = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What holds a rule but the static check."""

    title: str = ""
    """What the rule asks for; rules that are checked on the sources have their own title."""
    boot: str = ""
    """What refuses to start."""
    tests: tuple[str, ...] = ()
    """What proves it on the running host."""
    review: str = ""
    """What only a reader can judge, and where it is written down."""


_MATRIX: Final = "tests/acceptance/boundary/test_matrix.py"
_KEYS: Final = "tests/acceptance/boundary/test_ingress_keys.py"
_ATTACKS: Final = "tests/acceptance/boundary/test_attacks.py"
_BOOT: Final = "tests/unit/host/test_boot.py"
_CONTEXTS: Final = "tests/unit/host/test_contexts.py"
_MOUNTS: Final = "tests/unit/host/test_mounts.py"
_REFUSALS: Final = "tests/unit/composition/test_refusals.py"
_MANIFEST: Final = "tests/unit/composition/test_manifest.py"
_DOCUMENT: Final = "tests/scenarios/test_openapi_document.py"
_ACCESS: Final = "tests/scenarios/test_access.py"
_DECISIONS: Final = "docs/decisions.md"

HELD: Final[Mapping[int, Held]] = MappingProxyType(
    {
        1: Held(tests=(_BOOT, _MOUNTS)),
        2: Held(tests=(_MATRIX, _ATTACKS)),
        3: Held(
            title="The ingress verifies the signature before it dispatches",
            tests=(_KEYS, "tests/scenarios/test_ingress.py"),
        ),
        4: Held(
            title="No header makes a caller the engine",
            tests=(_MATRIX, _ATTACKS),
        ),
        5: Held(title="The ingress refuses with a plain 403", tests=(_MATRIX, _KEYS)),
        6: Held(tests=(_DOCUMENT, "tests/unit/cli/test_openapi.py")),
        7: Held(title="A signature opens no caller route", tests=(_MATRIX,)),
        8: Held(
            title="/rpc is for first parties and services",
            tests=(_MATRIX, _ACCESS),
        ),
        9: Held(tests=("tests/unit/cli/test_openapi.py",)),
        10: Held(tests=(_MATRIX,)),
        11: Held(tests=("tests/unit/cli/test_openapi.py",)),
        12: Held(boot="a procedure without a handler", tests=(_BOOT, _REFUSALS)),
        13: Held(boot="a path prefix of two capabilities", tests=(_REFUSALS, _MOUNTS)),
        14: Held(
            boot="a capability named workflows",
            tests=(_MATRIX, "tests/unit/composition/test_capability.py"),
        ),
        17: Held(boot="a function with two trigger paths", tests=(_REFUSALS,)),
        22: Held(tests=(_MATRIX,)),
        34: Held(
            title="A boundary adopts a package contract only where the overlap is 1:1",
            review=f"recorded in {_DECISIONS} with what would end it",
        ),
        35: Held(
            title="Handlers are split before contracts",
            review="of contracts that say the same",
        ),
        36: Held(
            title="A capability needs no API plugin",
            tests=(_MANIFEST, "tests/acceptance/test_scaffold.py"),
        ),
        43: Held(tests=(_DOCUMENT, "tests/unit/openapi/test_generator.py")),
        44: Held(title="Each request has a context of its own", tests=(_CONTEXTS, _MANIFEST)),
        45: Held(tests=("tests/scenarios/test_function_context.py",)),
        46: Held(tests=(_CONTEXTS,)),
        47: Held(
            title="Correlation ids go from trigger to event to timeline",
            tests=("tests/scenarios/test_reconciliation.py", "tests/unit/host/test_requests.py"),
        ),
        51: Held(tests=("tests/unit/hq/test_package.py",)),
        52: Held(
            title="Built-in dedupe is trusted for a leading part in the same order alone",
            tests=("tests/unit/procedure/test_authoring_oracle.py",),
            review=f"D-009 in {_DECISIONS}",
        ),
        57: Held(
            title="One engine client and one set of functions in a process",
            boot="an event without a function",
            tests=(_BOOT, _REFUSALS),
        ),
        58: Held(title="The raw body reaches the handler", tests=(_KEYS,)),
        59: Held(
            title="Mount and handler share their prefix; what matches nothing is a 404",
            tests=(_MOUNTS, _MATRIX),
        ),
        61: Held(tests=("tests/acceptance/test_scaffold.py",)),
        62: Held(title="Telemetry starts before client, functions and routes", tests=(_BOOT,)),
        63: Held(
            title="Mounts stand in the order ingress, workflows, RPC, API",
            tests=(_BOOT,),
        ),
        64: Held(
            title="A plugin extends the telemetry and does not get in front of it",
            boot="a plugin that gets in front of it",
            tests=(_BOOT, _REFUSALS),
        ),
        65: Held(tests=(_CONTEXTS,)),
        66: Held(
            title="Shortcuts of composition are optional and no black box",
            review=f"D-004 in {_DECISIONS}",
        ),
        67: Held(tests=(_DOCUMENT, "tests/scenarios/test_unexpected.py")),
        68: Held(
            title="Each move of a run is an event of its timeline",
            tests=(
                "tests/unit/coordination/test_runs.py",
                "tests/scenarios/test_reconciliation.py",
            ),
        ),
        69: Held(
            title="A run's status has links to its traces",
            tests=(
                "tests/scenarios/test_trace_links.py",
                "tests/unit/coordination/test_trace_links.py",
            ),
        ),
        70: Held(tests=("tests/acceptance/test_crash.py",)),
        73: Held(
            title="Each class of callers has a harness and its refusals",
            tests=(_MATRIX, "tests/acceptance/boundary/test_mutants.py"),
        ),
        74: Held(
            title="Nothing is a singleton of the process",
            tests=(
                "tests/scenarios/test_isolation.py",
                "tests/unit/sqlite/test_directory.py",
            ),
        ),
        75: Held(
            title="What is ambiguous is decided in the log before code changes",
            review=f"of {_DECISIONS}",
        ),
    }
)


def table() -> Iterator[str]:
    """Every rule and what holds it, as rows of Markdown."""
    rules = {rule.number: rule for rule in RULES}
    yield "| rule | asks that | held by |"
    yield "|---|---|---|"
    for number in range(1, COUNT + 1):
        held, rule = HELD.get(number, Held()), rules.get(number)
        title = rule.title if rule is not None else held.title
        holders = [f"[{rule.id}](#{rule.id.lower()})"] if rule is not None else []
        holders += [f"boot, which refuses {held.boot}"] if held.boot else []
        holders += [_link(path) for path in held.tests]
        holders += [f"review {held.review}" if held.review.startswith("of") else held.review]
        yield f"| {number} | {title} | {'; '.join(filter(None, holders))} |"


def _link(path: str) -> str:
    return f"[{path.removeprefix('tests/')}](../{path})"
