"""Running the rules over a tree, and over its manifest if someone can load it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from ._facts import ManifestFacts, ManifestLoader, ManifestUnusable
from ._place import MANIFEST_FILE
from ._report import Finding, Report, Skipped, Violation, Waived
from ._rule import Rule
from ._tree import Tree, load_tree
from ._waivers import Waiver, python_waivers, script_waivers
from .rules import RULES

PARSE: Final = Rule(
    number=900,
    title="Every source file can be parsed",
    reason="what cannot be parsed cannot be checked",
    fix="mend the syntax at the place shown",
)
WAIVER_WITHOUT_REASON: Final = Rule(
    number=901,
    title="A waiver gives its reason",
    reason="an exception nobody can explain is a violation nobody will mend",
    fix="write `# rawr: allow RAWR016 -- why this place may differ`",
)
WAIVER_UNUSED: Final = Rule(
    number=902,
    title="A waiver allows something",
    reason="a waiver that outlives its violation hides the next one",
    fix="remove the comment",
)
WAIVER_UNKNOWN_RULE: Final = Rule(
    number=903,
    title="A waiver names rules that exist",
    reason="a mistyped id allows nothing",
    fix="name the rule as the check prints it, such as RAWR016",
)
MANIFEST_LOADS: Final = Rule(
    number=904,
    title="The manifest can be loaded",
    reason="contracts and the published document are read from it",
    fix="mend what the message names, or check the sources alone with --no-manifest",
)
META_RULES: Final = (
    PARSE,
    WAIVER_WITHOUT_REASON,
    WAIVER_UNUSED,
    WAIVER_UNKNOWN_RULE,
    MANIFEST_LOADS,
)
"""Rules about the check itself. They always run, and nothing waives them."""

_BY_ID: Final = {rule.id: rule for rule in (*RULES, *META_RULES)}


class UnknownRule(Exception):
    """No rule has this id."""


def find_rule(rule_id: str) -> Rule:
    """The rule of an id, in either case.

    Raises:
        UnknownRule: There is none.
    """
    found = _BY_ID.get(rule_id.upper())
    if found is None:
        raise UnknownRule(f"no rule is called {rule_id!r}; ids run from {RULES[0].id} on")
    return found


def check_tree(
    root: Path,
    *,
    rules: Collection[str] = (),
    load_manifest: ManifestLoader | None = None,
) -> Report:
    """Check the HQ in a folder; with `rules`, against those alone.

    Contracts, manifest and published document are checked if `load_manifest` is given.

    Raises:
        UnreadableTree: The folder holds no HQ, or cannot be read.
        UnknownRule: One of `rules` does not exist.
    """
    selected = {find_rule(rule).id for rule in rules} or {rule.id for rule in RULES}
    running = [rule for rule in RULES if rule.id in selected]
    tree = load_tree(root)
    skipped, found = list(tree.skipped), [_violation(PARSE, broken) for broken in tree.broken]
    facts: ManifestFacts | None = None
    if load_manifest is None:
        skipped.append(Skipped(MANIFEST_FILE, "the manifest was not loaded"))
    else:
        try:
            facts = load_manifest(root)
        except ManifestUnusable as error:
            found.append(_violation(MANIFEST_LOADS, Finding(MANIFEST_FILE, 1, 1, str(error))))
    findings = chain.from_iterable(_run(rule, tree, facts) for rule in running)
    complete = _complete(running, has_facts=facts is not None)
    violations, waived = _apply(_waivers(tree), findings, complete)
    return Report(
        root=str(root),
        files=tree.file_count,
        rules=tuple(rule.id for rule in running),
        manifest_checked=facts is not None,
        violations=tuple(sorted([*found, *violations])),
        waived=tuple(sorted(waived, key=lambda item: item.violation)),
        skipped=tuple(skipped),
    )


def _run(rule: Rule, tree: Tree, facts: ManifestFacts | None) -> Iterator[Violation]:
    findings: set[Finding] = set()
    if rule.source is not None:
        findings.update(rule.source(tree))
    if rule.manifest is not None and facts is not None:
        findings.update(rule.manifest(tree, facts))
    return (_violation(rule, finding) for finding in findings)


def _violation(rule: Rule, finding: Finding) -> Violation:
    return Violation(
        path=finding.path,
        line=finding.line,
        column=finding.column,
        rule=rule.id,
        message=finding.message,
        fix=rule.fix,
    )


def _complete(running: Iterable[Rule], *, has_facts: bool) -> set[str]:
    """The rules that ran whole, so that a waiver of theirs can be called unused."""
    return {rule.id for rule in running if has_facts or rule.manifest is None}


def _waivers(tree: Tree) -> Iterator[Waiver]:
    for file in tree.files:
        yield from python_waivers(file)
    for script in tree.scripts:
        yield from script_waivers(script)


def _apply(
    waivers: Iterable[Waiver], violations: Iterable[Violation], complete: Collection[str]
) -> tuple[list[Violation], list[Waived]]:
    listed = list(waivers)
    valid = {
        (waiver.path, line, rule): waiver
        for waiver in listed
        if waiver.reason
        for rule in waiver.rules
        for line in (waiver.line, waiver.target)
    }
    left: list[Violation] = []
    waived: list[Waived] = []
    for violation in violations:
        waiver = valid.get((violation.path, violation.line, violation.rule))
        if waiver is None:
            left.append(violation)
        else:
            waived.append(Waived(violation, waiver.reason, waiver.line))
    used = {(item.violation.path, item.line, item.violation.rule) for item in waived}
    for waiver in listed:
        left.extend(_faults(waiver, used, complete))
    return left, waived


def _faults(
    waiver: Waiver, used: set[tuple[str, int, str]], complete: Collection[str]
) -> Iterator[Violation]:
    known: Sequence[str] = [rule for rule in waiver.rules if rule in _BY_ID]
    if not waiver.reason:
        yield _fault(WAIVER_WITHOUT_REASON, waiver, "this waiver gives no reason after `--`")
    for rule in waiver.rules:
        if rule not in _BY_ID:
            yield _fault(WAIVER_UNKNOWN_RULE, waiver, f"no rule is called {rule}")
    if not waiver.rules:
        yield _fault(WAIVER_UNKNOWN_RULE, waiver, "this waiver names no rule")
    if not waiver.reason:
        return
    for rule in known:
        if rule in complete and (waiver.path, waiver.line, rule) not in used:
            yield _fault(WAIVER_UNUSED, waiver, f"nothing here violates {rule}")


def _fault(rule: Rule, waiver: Waiver, message: str) -> Violation:
    return _violation(rule, Finding(waiver.path, waiver.line, 1, message))
