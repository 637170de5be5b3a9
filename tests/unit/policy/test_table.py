"""The rule table is complete: what can be checked without running is checked, or says why not."""

import pytest

from rawr.policy import META_RULES, NOT_STATIC, RULES, Rule, UnknownRule, find_rule

# Every rule whose row names imports (I), syntax (A) or contracts (C), among other ways.
ROWS = """
1A 2AI 6C 9CI 10A 11C 12AC 13C 14A 15A 16AI 17C 18C 19I 20A 21A 22AI 23I 24IC 25IA 26I 27I 28I
29IA 30A 31A 32IA 33A 37I 38AI 39A 40A 41A 42I 43C 45A 46A 48IA 49A 50I 51A 53A 54I 55A 56A
60AI 61CA 65A 67C 70A 71A 72AC 73A
"""
STATIC = ROWS.split()


def columns(entry: str) -> tuple[int, str]:
    number = entry.rstrip("AIC")
    return int(number), entry.removeprefix(number)


def test_every_static_rule_is_implemented_or_explained() -> None:
    assert {rule.number for rule in RULES} | set(NOT_STATIC) == {
        columns(entry)[0] for entry in STATIC
    }


def test_nothing_is_both_implemented_and_explained_away() -> None:
    assert not {rule.number for rule in RULES} & set(NOT_STATIC)


@pytest.mark.parametrize("entry", STATIC)
def test_a_rule_reads_what_its_row_names(entry: str) -> None:
    number, read = columns(entry)
    if number in NOT_STATIC:
        return
    rule = find_rule(f"RAWR{number:03d}")
    assert read == "C" or rule.source is not None
    if read == "C" and number != 17:
        assert rule.manifest is not None


def test_ids_are_unique_and_in_order() -> None:
    numbers = [rule.number for rule in (*RULES, *META_RULES)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("rule", [*RULES, *META_RULES], ids=lambda rule: rule.id)
def test_a_rule_explains_itself_in_one_line_each(rule: Rule) -> None:
    for text in (rule.title, rule.reason, rule.fix):
        assert text.strip() == text
        assert "\n" not in text
        assert not text.endswith(".")


def test_a_reason_says_how_the_rule_is_covered_instead() -> None:
    assert all("run" in reason for reason in NOT_STATIC.values())


def test_rules_are_found_in_either_case() -> None:
    assert find_rule("rawr016") is find_rule("RAWR016")


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UnknownRule, match="RAWR999"):
        find_rule("RAWR999")
