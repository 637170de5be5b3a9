from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rawr.coordination import RunRecord, TraceLinks, inngest_url_from

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUN = RunRecord(
    run_id="run-1",
    tenant_id="acme",
    capability="coordination",
    workflow="run",
    status="queued",
    revision=1,
    requested_by="ada",
    request_id="req-1",
    correlation_id="cor-1",
    created_at=NOW,
    updated_at=NOW,
)
LINKS = TraceLinks(base_url="https://hq.example.com/", inngest_url="http://localhost:8288/")


def test_the_first_link_leads_to_our_timeline():
    link = LINKS.of(RUN)[0]
    assert (link.provider, link.label) == ("rawr", "RAWR Run Timeline")
    assert link.url == ("https://hq.example.com/api/workflows/coordination/runs/run-1/timeline")


@pytest.mark.parametrize(
    ("known", "label", "path"),
    [
        ({}, "Inngest Trace", "runs/run-1"),
        ({"admission_id": "ev/1"}, "Inngest Trace", "events/ev%2F1"),
        ({"engine_run_id": "er-1"}, "Inngest Trace (er-1)", "runs/er-1"),
        ({"admission_id": "ev-1", "engine_run_id": "er-1"}, "Inngest Trace (er-1)", "runs/er-1"),
    ],
)
def test_the_second_link_leads_as_far_into_the_engine_as_is_known(known, label, path):
    link = LINKS.of(replace(RUN, **known))[1]
    assert (link.provider, link.label) == ("inngest", label)
    assert link.url == f"http://localhost:8288/{path}"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://localhost:8288"),
        ({"INNGEST_DEV": "1"}, "http://localhost:8288"),
        ({"INNGEST_DEV": "http://dev:1"}, "http://dev:1"),
        ({"INNGEST_EVENT_API_BASE_URL": "http://e:1", "INNGEST_DEV": "http://d:1"}, "http://e:1"),
        (
            {"INNGEST_BASE_URL": " https://b ", "INNGEST_EVENT_API_BASE_URL": "http://e:1"},
            "https://b",
        ),
        ({"INNGEST_BASE_URL": "ftp://b", "INNGEST_DEV": "http://d:1"}, "http://d:1"),
        ({"INNGEST_BASE_URL": "http://[bad", "INNGEST_DEV": "http://"}, "http://localhost:8288"),
    ],
)
def test_the_first_valid_variable_names_the_engine(environment, url):
    assert inngest_url_from(environment) == url
