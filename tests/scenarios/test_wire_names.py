"""Names have one spelling on the wire."""

from typing import Any

import pytest
from tests.scenarios.kit import HQ, fields


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"invoice_id": "inv-1"}, ["invoice_id"]),
        (
            {"scope": {"accountId": "acc", "invoiceIds": ["inv-1"], "dry_run": True}},
            ["scope", "dry_run"],
        ),
    ],
)
async def test_pythons_spelling_is_an_unknown_name(
    hq: HQ, body: dict[str, Any], path: list[str]
) -> None:
    response = await hq.trigger(**body)
    assert response.status == 400
    assert path in [issue["path"] for issue in fields(response)["data"]["issues"]]


async def test_answers_use_camel_case_throughout(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    for event in await hq.timeline(run_id):
        assert not [name for name in event if "_" in name]
