import pytest
from pydantic import ValidationError

from packages.invoicing.domain.run import ReconciliationScope
from packages.invoicing.domain.status import (
    STATES,
    RunBadge,
    RunState,
    can_cancel,
    can_queue_reconciliation,
    is_terminal_status,
    to_run_badge,
    to_run_state,
)
from packages.invoicing.service.workflow import RECONCILIATION
from rawr.coordination._lifecycle import Verdict

LEGAL = {
    ("queued", "running"),
    ("queued", "reconciling"),
    ("queued", "failed"),
    ("queued", "canceled"),
    ("running", "reconciling"),
    ("running", "failed"),
    ("running", "canceled"),
    ("reconciling", "completed"),
    ("reconciling", "failed"),
}


@pytest.mark.parametrize("start", STATES)
@pytest.mark.parametrize("to", STATES)
def test_the_transition_table(start: RunState, to: RunState) -> None:
    verdict = RECONCILIATION.lifecycle.judge(start, to)
    if start == to:
        assert verdict is Verdict.NO_CHANGE
    else:
        assert (verdict is Verdict.CHANGE) == ((start, to) in LEGAL)


def test_the_lifecycle_and_the_domain_know_the_same_states() -> None:
    lifecycle = RECONCILIATION.lifecycle
    assert lifecycle.statuses == set(STATES)
    assert lifecycle.terminal == {state for state in STATES if is_terminal_status(state)}
    assert lifecycle.dispatchable == {state for state in STATES if can_queue_reconciliation(state)}
    assert lifecycle.initial == "queued"


def test_runs_end_completed_failed_or_canceled() -> None:
    ends = [state for state in STATES if is_terminal_status(state)]
    assert ends == ["completed", "failed", "canceled"]


def test_only_what_has_not_begun_can_be_canceled_or_reconciled() -> None:
    assert [state for state in STATES if can_cancel(state)] == ["queued", "running"]
    assert [state for state in STATES if can_queue_reconciliation(state)] == ["queued", "running"]


@pytest.mark.parametrize(
    ("state", "badge"),
    [
        ("queued", "neutral"),
        ("running", "warning"),
        ("reconciling", "warning"),
        ("completed", "success"),
        ("failed", "danger"),
        ("canceled", "neutral"),
    ],
)
def test_badges(state: RunState, badge: RunBadge) -> None:
    assert to_run_badge(state) == badge


@pytest.mark.parametrize("state", STATES)
def test_stored_text_becomes_a_state(state: RunState) -> None:
    assert to_run_state(state) == state


@pytest.mark.parametrize("text", ["", "Queued", "done"])
def test_stored_text_that_is_no_state_is_not_made_one(text: str) -> None:
    with pytest.raises(ValueError, match="not a state"):
        to_run_state(text)


def test_a_scope_reconciles_for_real_unless_told_otherwise() -> None:
    scope = ReconciliationScope(account_id="acc", invoice_ids=["inv-1"])
    assert not scope.dry_run


@pytest.mark.parametrize(
    "scope",
    [
        {"accountId": "acc", "invoiceIds": []},
        {"accountId": "", "invoiceIds": ["inv-1"]},
        {"invoiceIds": ["inv-1"]},
        {"accountId": "acc"},
        {"accountId": "acc", "invoiceIds": ["inv-1"], "extra": 1},
        {"accountId": "acc", "invoiceIds": ["inv"] * 1001},
    ],
)
def test_a_scope_is_closed_and_never_empty(scope: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReconciliationScope.model_validate(scope)
