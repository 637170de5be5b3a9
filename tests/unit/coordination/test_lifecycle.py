import pytest
from hypothesis import given, strategies as st
from tests.unit.coordination.kit import BILLING

from rawr.coordination import STANDARD_LIFECYCLE, Lifecycle, Outcome, Verdict


@pytest.mark.parametrize(
    ("current", "wanted", "verdict"),
    [
        ("queued", "settling", Verdict.CHANGE),
        ("queued", "queued", Verdict.NO_CHANGE),
        ("completed", "completed", Verdict.NO_CHANGE),
        ("queued", "completed", Verdict.ILLEGAL),
        ("settling", "canceled", Verdict.ILLEGAL),
        ("canceled", "failed", Verdict.ILLEGAL),
        ("a status of long ago", "failed", Verdict.ILLEGAL),
    ],
)
def test_the_table_decides(current, wanted, verdict):
    assert BILLING.lifecycle.judge(current, wanted) is verdict


def test_terminal_statuses_lead_nowhere():
    assert STANDARD_LIFECYCLE.terminal == {"completed", "failed", "canceled"}
    assert STANDARD_LIFECYCLE.is_terminal("failed")
    assert not STANDARD_LIFECYCLE.is_terminal("running")


@given(
    current=st.sampled_from(sorted(STANDARD_LIFECYCLE.terminal)),
    wanted=st.sampled_from(sorted(STANDARD_LIFECYCLE.statuses)),
)
def test_nothing_leaves_a_terminal_status(current, wanted):
    assert STANDARD_LIFECYCLE.judge(current, wanted) is not Verdict.CHANGE


def test_a_status_that_is_not_declared_is_a_mistake_in_the_table():
    with pytest.raises(ValueError, match="does not declare: gone, lost"):
        Lifecycle(initial="lost", transitions={"a": ["gone"], "b": []})


def test_a_lifecycle_must_be_able_to_end():
    with pytest.raises(ValueError, match="no terminal status"):
        Lifecycle(initial="a", transitions={"a": ["b"], "b": ["a"]})


def test_event_types_default_to_the_status():
    assert STANDARD_LIFECYCLE.event_type("running") == "run.started"
    assert STANDARD_LIFECYCLE.event_type("failed") == "run.failed"


def test_dispatchable_defaults_to_the_initial_status():
    assert STANDARD_LIFECYCLE.dispatchable == {"queued"}
    assert BILLING.lifecycle.dispatchable == {"queued", "running"}


@pytest.mark.parametrize(
    ("terminal", "outcome", "status"),
    [
        (["completed", "failed", "canceled"], Outcome.COMPLETED, "completed"),
        (["completed", "failed", "canceled"], Outcome.CANCELED, "canceled"),
        (["completed", "failed", "cancelled"], Outcome.CANCELED, "cancelled"),
        (["completed", "failed"], Outcome.CANCELED, "failed"),
        (["paid", "failed"], Outcome.COMPLETED, None),
    ],
)
def test_what_a_run_becomes_when_its_function_ends_follows_the_names(terminal, outcome, status):
    lifecycle = Lifecycle(
        initial="queued", transitions={"queued": terminal, **dict.fromkeys(terminal, ())}
    )
    assert lifecycle.status_after(outcome) == status


def test_what_a_run_becomes_when_its_function_ends_can_be_said():
    lifecycle = Lifecycle(
        initial="queued",
        transitions={"queued": ["paid", "failed"], "paid": [], "failed": []},
        outcomes={Outcome.COMPLETED: "paid"},
    )
    assert lifecycle.status_after(Outcome.COMPLETED) == "paid"
    assert lifecycle.status_after(Outcome.FAILED) is None


def test_a_function_that_ended_leaves_no_status_that_can_change():
    with pytest.raises(ValueError, match="running is none"):
        Lifecycle(
            initial="queued",
            transitions={"queued": ["running"], "running": ["done"], "done": []},
            outcomes={Outcome.FAILED: "running"},
        )
