"""The check as tests: `pytest --rawr-check=PATH` adds one test per rule.

The check runs once, in a process of its own, so that the manifest it imports does not stay
behind in the process of the tests.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

_COMMAND = ("-c", "from rawr.cli import main; main()", "check", "--format", "json")
_REPORTED = (0, 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--rawr-check`."""
    parser.getgroup("rawr").addoption(
        "--rawr-check",
        metavar="PATH",
        help="check the HQ in this folder against the rules of the architecture",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test per rule if the option is given."""
    root = config.getoption("--rawr-check")
    if root is not None:
        collector: RawrCheck = RawrCheck.from_parent(
            session, name="rawr-check", nodeid="rawr-check"
        )
        collector.root = Path(root)
        items.extend(collector.collect())


class RuleViolated(Exception):
    """The rule does not hold; the message lists where."""


class CheckFailed(Exception):
    """The check could not run; the message is what it said."""


class RawrCheck(pytest.Collector):
    """One check of an HQ, shared by the tests of its rules."""

    root: Path

    def collect(self) -> Iterator[pytest.Item]:
        """A test for every rule, those about the check itself included."""
        from rawr.policy import META_RULES, RULES

        for rule in (*RULES, *META_RULES):
            item: RuleItem = RuleItem.from_parent(self, name=rule.id)
            item.title = rule.title
            yield item

    def report(self) -> dict[str, Any]:
        """The report as JSON.

        Raises:
            CheckFailed: The folder cannot be checked.
        """
        if self._outcome.returncode not in _REPORTED or not self._outcome.stdout:
            raise CheckFailed(self._outcome.stderr.strip())
        report: dict[str, Any] = json.loads(self._outcome.stdout)
        return report

    @cached_property
    def _outcome(self) -> "subprocess.CompletedProcess[str]":
        """What the command said; it runs once, when the first rule asks."""
        command = [sys.executable, *_COMMAND, str(self.root)]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter, no shell


class RuleItem(pytest.Item):
    """The test that one rule holds."""

    title: str

    def runtest(self) -> None:
        """Look for the rule in the report.

        Raises:
            RuleViolated: It is violated.
        """
        assert isinstance(self.parent, RawrCheck)  # who made it
        report = self.parent.report()
        found = [item for item in report["violations"] if item["rule"] == self.name]
        if found:
            lines = [f"{self.name} {self.title}"]
            lines += [
                f"  {item['path']}:{item['line']}:{item['column']}: {item['message']}"
                for item in found
            ]
            raise RuleViolated("\n".join([*lines, f"  fix: {found[0]['fix']}"]))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The violations alone, without a traceback."""
        if isinstance(excinfo.value, RuleViolated | CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the test is from."""
        assert isinstance(self.parent, RawrCheck)  # who made it
        return self.parent.root, None, f"rawr check: {self.name}"
