"""Ask the advisory databases about every locked dependency, of Python and of Node.

Exits with 0 if each was looked up and none is known to be vulnerable, with 1 if one is, and
with 3 if an answer could not be had: what was not asked is never called safe.
"""
# ruff: noqa: INP001 - a script, in no package
# ruff: noqa: T201 - it talks to who runs it

import itertools
import json
import os
import runpy
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

ROOT: Final = Path(__file__).resolve().parent.parent
NODE: Final = ROOT / "tests" / "node"
TOOLS: Final = ROOT / ".venv" / "audit"
TOOLS_LOCK: Final = ROOT / "requirements" / "audit.txt"

_ASIDE: Final = frozenset({"node_modules", "templates"})

Run: TypeAlias = Callable[[Sequence[str], Path], subprocess.CompletedProcess[str]]


class Outcome(IntEnum):
    """How an audit ended: the exit code."""

    CLEAN = 0
    VULNERABLE = 1
    NOT_AUDITED = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one list of dependencies."""

    subject: str
    outcome: Outcome
    details: tuple[str, ...]

    def __str__(self) -> str:
        title = {
            Outcome.CLEAN: "no known vulnerability",
            Outcome.VULNERABLE: "VULNERABLE",
            Outcome.NOT_AUDITED: "NOT AUDITED",
        }[self.outcome]
        return "\n  ".join([f"{self.subject}: {title}", *self.details])


def judge_python(subject: str, done: subprocess.CompletedProcess[str]) -> Verdict:
    """Read the report of pip-audit; a dependency that it skipped was not audited."""
    report = _report(done)
    listed = report.get("dependencies")
    if not listed:
        return _unanswered(subject, done)
    known = [
        f"{item['name']} {item['version']}: {flaw['id']}, fixed in {_versions(flaw)}"
        for item in listed
        for flaw in item.get("vulns", ())
    ]
    skipped = [f"{item['name']}: {item['skip_reason']}" for item in listed if "skip_reason" in item]
    if known:
        return Verdict(subject, Outcome.VULNERABLE, (*known, *skipped))
    if skipped:
        return Verdict(subject, Outcome.NOT_AUDITED, tuple(skipped))
    return Verdict(subject, Outcome.CLEAN, (f"{len(listed)} packages looked up",))


def judge_node(subject: str, done: subprocess.CompletedProcess[str]) -> Verdict:
    """Read the report of npm audit."""
    report = _report(done)
    if "vulnerabilities" not in report:
        return _unanswered(subject, done)
    known = tuple(
        f"{name} {flaw['range']}: {flaw['severity']}"
        for name, flaw in report["vulnerabilities"].items()
    )
    if known:
        return Verdict(subject, Outcome.VULNERABLE, known)
    total = report.get("metadata", {}).get("dependencies", {}).get("total", "all")
    return Verdict(subject, Outcome.CLEAN, (f"{total} packages looked up",))


def verdicts(run: Run) -> Iterator[Verdict]:
    """Audit one list after the other; Python's only if the index answers one question first."""
    problem = install_tools(run) or probe(run)
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        subject = str(lock.relative_to(ROOT))
        if problem:
            yield Verdict(subject, Outcome.NOT_AUDITED, (problem,))
        else:
            yield judge_python(subject, run(pip_audit(lock), ROOT))
    npm: list[str] = runpy.run_path(str(NODE / "install.py"))["npm_command"]()
    for npm_lock in npm_locks():
        done = run([*npm, "audit", "--json"], npm_lock.parent)
        yield judge_node(str(npm_lock.relative_to(ROOT)), done)


def npm_locks() -> list[Path]:
    """The locks of npm, those of installed packages and of templates left out."""
    found: list[Path] = []
    for folder, inner, files in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in _ASIDE and not name.startswith(".")]
        if "package-lock.json" in files:
            found.append(Path(folder) / "package-lock.json")
    return sorted(found)


def pip_audit(lock: Path) -> list[str]:
    """The command that audits a lock: with hashes and without pip, nothing is installed."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
    return [str(TOOLS / "bin" / "pip-audit"), "-r", str(lock), *options]


def probe(run: Run) -> str:
    """Ask about one package; why no other one need be asked about, if there is no answer.

    An index without advisories would be asked in vain for each package of each lock.
    """
    first, *rest = TOOLS_LOCK.read_text(encoding="utf-8").splitlines(keepends=True)
    hashes = itertools.takewhile(lambda line: line.startswith(" "), rest)
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "probe.txt"
        lock.write_text("".join([first, *hashes]), encoding="utf-8")
        verdict = judge_python("probe", run(pip_audit(lock), ROOT))
    return verdict.details[0] if verdict.outcome is Outcome.NOT_AUDITED else ""


def install_tools(run: Run) -> str:
    """Install pip-audit as locked, apart from what it audits; why not, if that failed."""
    if not (TOOLS / "bin" / "pip-audit").exists():
        venv.create(TOOLS, with_pip=True, clear=True)
        pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        done = run([*pip, "install", "-q", "--require-hashes", "-r", str(TOOLS_LOCK)], ROOT)
        if done.returncode:
            return f"pip-audit cannot be installed: {_last_line(done.stderr)}"
    return ""


def total(found: Sequence[Verdict]) -> Outcome:
    """The outcome of all: a known vulnerability weighs more than a question without an answer."""
    outcomes = {verdict.outcome for verdict in found}
    for outcome in (Outcome.VULNERABLE, Outcome.NOT_AUDITED):
        if outcome in outcomes:
            return outcome
    return Outcome.CLEAN


def _unanswered(subject: str, done: subprocess.CompletedProcess[str]) -> Verdict:
    report = _report(done)
    said = report.get("message") or _last_line(done.stderr) or "no report, and no word why"
    return Verdict(subject, Outcome.NOT_AUDITED, (str(said),))


def _report(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return {}
    return report if isinstance(report, dict) else {}


def _versions(flaw: dict[str, Any]) -> str:
    return ", ".join(flaw.get("fix_versions") or ["no version yet"])


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _run(command: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - commands of this file, no shell
        command, cwd=directory, capture_output=True, text=True, check=False
    )


def main(run: Run = _run) -> int:
    """Audit everything and say what is known."""
    found: list[Verdict] = []
    for verdict in verdicts(run):
        print(verdict)
        found.append(verdict)
    outcome = total(found)
    if outcome is Outcome.NOT_AUDITED:
        print("not everything was audited: repeat this where the advisory databases are in reach")
    return outcome


if __name__ == "__main__":
    sys.exit(main())
