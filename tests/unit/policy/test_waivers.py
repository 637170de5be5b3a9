"""Waivers allow one place, with a reason, and nothing else."""

from pathlib import Path

import pytest
from tests.unit.policy.kit import SMALL_HQ, check, places, write

PATH = "packages/invoicing/service/extra.py"
SCRIPT = "plugins/web/invoicing/index.ts"
OFFENCE = "import starlette"
WAIVER = "# rawr: allow RAWR023 -- the type is shown in a signature only"


def tree(root: Path, text: str, path: str = PATH) -> Path:
    return write(root, {**SMALL_HQ, path: text})


@pytest.mark.parametrize(
    "text",
    [
        f"{OFFENCE}  {WAIVER}\n",
        f"{WAIVER}\n{OFFENCE}\n",
        f"{WAIVER}\n\n# and more\n{OFFENCE}\n",
        f"if True:\n    {WAIVER}\n    {OFFENCE}\n",
        f"{OFFENCE}  # rawr: allow rawr023, RAWR023 -- twice\n",
    ],
)
def test_a_waiver_on_the_line_or_above_it_allows(text: str, tmp_path: Path) -> None:
    report = check(tree(tmp_path, text))
    assert places(report) == set()
    assert [waived.violation.rule for waived in report.waived] == ["RAWR023"]


def test_a_waived_violation_keeps_its_reason(tmp_path: Path) -> None:
    (waived,) = check(tree(tmp_path, f"{OFFENCE}  {WAIVER}\n")).waived
    assert waived.reason == "the type is shown in a signature only"
    assert waived.line == 1


def test_one_comment_may_allow_several_rules(tmp_path: Path) -> None:
    text = "from inngest import Inngest\nc = Inngest()  # rawr: allow RAWR056, RAWR016 -- demo\n"
    report = check(tree(tmp_path, text, "plugins/api/invoicing/operations/extra.py"))
    assert places(report) == {("RAWR902", "plugins/api/invoicing/operations/extra.py:2")}
    assert len(report.waived) == 1


@pytest.mark.parametrize("comment", ["# rawr: allow RAWR023", "# rawr: allow RAWR023 --  "])
def test_a_waiver_without_a_reason_allows_nothing(comment: str, tmp_path: Path) -> None:
    report = check(tree(tmp_path, f"{OFFENCE}  {comment}\n"))
    assert places(report) == {("RAWR023", f"{PATH}:1"), ("RAWR901", f"{PATH}:1")}


def test_a_waiver_that_allows_nothing_is_a_violation(tmp_path: Path) -> None:
    report = check(tree(tmp_path, f"import re  {WAIVER}\n"))
    assert places(report) == {("RAWR902", f"{PATH}:1")}


def test_a_waiver_at_the_end_of_a_file_is_unused(tmp_path: Path) -> None:
    report = check(tree(tmp_path, f"import re\n{WAIVER}\n"))
    assert places(report) == {("RAWR902", f"{PATH}:2")}


def test_a_waiver_of_another_line_allows_nothing(tmp_path: Path) -> None:
    report = check(tree(tmp_path, f"{WAIVER}\nimport re\n{OFFENCE}\n"))
    assert places(report) == {("RAWR902", f"{PATH}:1"), ("RAWR023", f"{PATH}:3")}


def test_a_waiver_of_an_unknown_rule_is_a_violation(tmp_path: Path) -> None:
    report = check(tree(tmp_path, "import re  # rawr: allow RAWR999 -- a slip\n"))
    assert places(report) == {("RAWR903", f"{PATH}:1")}


def test_a_waiver_of_no_rule_is_a_violation(tmp_path: Path) -> None:
    report = check(tree(tmp_path, "import re  # rawr: allow -- anything\n"))
    assert places(report) == {("RAWR903", f"{PATH}:1")}


def test_a_waiver_in_a_string_is_no_waiver(tmp_path: Path) -> None:
    report = check(tree(tmp_path, f'{OFFENCE}; text = "{WAIVER}"\n'))
    assert places(report) == {("RAWR023", f"{PATH}:1")}


def test_a_waiver_of_a_rule_that_did_not_run_is_not_unused(tmp_path: Path) -> None:
    root = tree(tmp_path, f"import re  {WAIVER}\n")
    assert places(check(root, rules=["RAWR016"])) == set()


def test_a_waiver_of_a_manifest_rule_is_not_unused_without_a_manifest(tmp_path: Path) -> None:
    root = tree(tmp_path, "import re  # rawr: allow RAWR013 -- grandfathered route\n")
    assert places(check(root)) == set()


@pytest.mark.parametrize(
    "text",
    [
        'fetch("/rpc/x");  // rawr: allow RAWR010 -- no client on this page yet\n',
        '// rawr: allow RAWR010 -- no client on this page yet\nfetch("/rpc/x");\n',
        '/* rawr: allow RAWR010 -- no client on this page yet */\nfetch("/rpc/x");\n',
    ],
)
def test_scripts_are_waived_in_their_own_comments(text: str, tmp_path: Path) -> None:
    report = check(tree(tmp_path, text, SCRIPT))
    assert places(report) == set()
    assert [waived.reason for waived in report.waived] == ["no client on this page yet"]


def test_nothing_waives_the_rules_about_waivers(tmp_path: Path) -> None:
    text = "# rawr: allow RAWR902 -- please\nimport re  # rawr: allow RAWR023 -- for show\n"
    assert places(check(tree(tmp_path, text))) == {("RAWR902", f"{PATH}:2")}
