"""Every rule refuses what it is about, at its place, and accepts the nearest right thing."""

from pathlib import Path

import pytest
from tests.unit.policy import (
    cases_boundary,
    cases_callers,
    cases_contracts,
    cases_durable,
    cases_layers,
)
from tests.unit.policy.kit import SMALL_HQ, Case, check, marked, places, write

from rawr.policy import RULES

CASES = [
    *cases_boundary.CASES,
    *cases_callers.CASES,
    *cases_contracts.CASES,
    *cases_durable.CASES,
    *cases_layers.CASES,
]


def test_every_source_rule_has_a_case() -> None:
    assert {case.rule_id for case in CASES} == {rule.id for rule in RULES if rule.source}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_rule_refuses(case: Case, tmp_path: Path) -> None:
    root = write(tmp_path, {**SMALL_HQ})
    write(root, case.refused)
    assert places(check(root)) == {(case.rule_id, marked(root, case))}


def test_a_contract_inherited_at_a_distance_is_still_one(tmp_path: Path) -> None:
    path = "plugins/api/invoicing/operations/extra.py"
    text = (
        "from rawr.contract import Contract, get\n"
        "class Common(Contract): ...\n"
        "class ExtraApi(Common, Common):\n    extra = get('/x')\n"
    )
    root = write(tmp_path, {**SMALL_HQ, path: text})
    assert places(check(root)) == {("RAWR024", f"{path}:2"), ("RAWR024", f"{path}:3")}


def test_a_manifest_file_without_a_manifest_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path, {"rawr_hq.py": "capabilities = []\n"})
    assert places(check(root)) == {("RAWR061", "rawr_hq.py:1")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_rule_accepts(case: Case, tmp_path: Path) -> None:
    root = write(tmp_path, {**SMALL_HQ})
    write(root, case.accepted)
    assert places(check(root)) == set()
