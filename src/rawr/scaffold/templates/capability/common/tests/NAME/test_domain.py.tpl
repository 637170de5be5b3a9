"""The domain of $name."""

%% if workflow
import pytest

%% end
from packages.$name.domain.item import clean_title
%% if workflow
from packages.$name.domain.status import is_terminal_status, to_run_state
%% end


def test_a_title_loses_superfluous_white_space() -> None:
    assert clean_title("  one\t two\n") == "one two"
%% if workflow


def test_only_runs_that_ended_are_terminal() -> None:
    assert is_terminal_status("completed")
    assert is_terminal_status("failed")
    assert not is_terminal_status("queued")
    assert not is_terminal_status("running")


def test_a_corrupt_status_is_named() -> None:
    with pytest.raises(ValueError, match="'lost' is not a state"):
        to_run_state("lost")
%% end
