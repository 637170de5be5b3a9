"""A report for programs. Its schema is `report.schema.json`, beside this module."""

import json
from dataclasses import asdict
from typing import Any, Final

from ._report import Report

FORMAT: Final = 1
"""Changes only if a reader of the old shape could no longer read the new one."""


def to_json(report: Report) -> str:
    """The report as JSON, in the shape of `report.schema.json`."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "root": report.root,
        "clean": report.is_clean,
        "summary": {
            "files": report.files,
            "rules": len(report.rules),
            "violations": len(report.violations),
            "waived": len(report.waived),
            "skipped": len(report.skipped),
            "manifest": "checked" if report.manifest_checked else "not checked",
        },
        "rules": list(report.rules),
        "violations": [asdict(found) for found in report.violations],
        "waived": [
            {
                "violation": asdict(waived.violation),
                "reason": waived.reason,
                "line": waived.line,
            }
            for waived in report.waived
        ],
        "skipped": [asdict(skipped) for skipped in report.skipped],
    }
    return json.dumps(document, indent=2)
