"""Extended traces of the official TypeScript SDK against `rawr engine`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.engine import running_app, running_engine, until

pytestmark = [pytest.mark.acceptance, pytest.mark.node]


def test_spans_an_app_makes_inside_a_step_are_in_the_trace_of_the_run(tmp_path: Path) -> None:
    with (
        running_engine(tmp_path / "engine") as engine,
        running_app(engine, tmp_path, peer="inngest_traced.mjs"),
    ):
        event_id = engine.send("traced/pays")
        assert engine.output(event_id, "traced-pays") == "paid"
        run_id = engine.runs(event_id)["traced-pays"]["run_id"]

        def told() -> dict[str, Any] | None:
            root = engine.get(f"/v2/runs/{run_id}/trace")["rootSpan"]
            step = next(span for span in root["childrenSpans"] if span["name"] == "pay")
            named = {span["name"]: span for span in step["childrenSpans"]}
            return named if {"charge card", "ask bank"} <= set(named) else None

        spans: dict[str, Any] = until(told)
        outer, inner = spans["charge card"], spans["ask bank"]
        assert inner["parentSpanID"] == outer["spanID"]
        assert (outer["status"], inner["status"]) == ("COMPLETED", "FAILED")
        assert outer["isUserland"] is True
        assert outer["userlandSpan"]["scopeName"] == "shop"
        attributes = json.loads(outer["userlandSpan"]["spanAttrs"])
        assert (attributes["amount"], attributes["tags"]) == (12, ["a", "b"])
