"""A report for code scanners: SARIF 2.1.0."""

import json
import os
from typing import Any, Final
from urllib.parse import quote

from ._check import META_RULES
from ._report import Report, Skipped, Violation, Waived
from ._rule import Rule
from .rules import RULES

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT: Final = "HQ"
_ALL: Final = (*RULES, *META_RULES)
_INDEX: Final = {rule.id: index for index, rule in enumerate(_ALL)}


def to_sarif(report: Report, *, version: str) -> str:
    """The report as SARIF; waived violations are results that their comments suppress."""
    run = {
        "tool": {
            "driver": {
                "name": "rawr check",
                "semanticVersion": version,
                "rules": [_rule(rule) for rule in _ALL],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder of rawr_hq.py."}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_skipped(item) for item in report.skipped],
            }
        ],
        "results": [
            *(_result(found) for found in report.violations),
            *(_waived(item) for item in report.waived),
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title}, because {rule.reason}."},
        "help": {"text": f"Fix: {rule.fix}."},
        "defaultConfiguration": {"level": "error"},
    }


def _result(found: Violation) -> dict[str, Any]:
    return {
        "ruleId": found.rule,
        "ruleIndex": _INDEX[found.rule],
        "level": "error",
        "message": {"text": f"{found.message}. Fix: {found.fix}."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(found.path),
                    "region": {"startLine": found.line, "startColumn": found.column},
                }
            }
        ],
    }


def _waived(item: Waived) -> dict[str, Any]:
    suppression = {"kind": "inSource", "justification": item.reason}
    return {**_result(item.violation), "suppressions": [suppression]}


def _skipped(item: Skipped) -> dict[str, Any]:
    return {
        "level": "note",
        "message": {"text": f"Skipped: {item.reason}."},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(item.path)}}],
    }


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _ROOT}
