"""Every operation the pinned TypeScript SDK can report is dealt with, and tested with it."""

import re

import pytest

from rawr.durable.domain.op import Opcode
from tests.acceptance import test_node_engine, test_node_extras
from tests.node_peer import NODE_DIRECTORY

pytestmark = [pytest.mark.acceptance, pytest.mark.node]

#: What runs each operation through a real app; `None`: the SDK never sends it.
TESTED = {
    "WaitForSignal": test_node_engine.test_a_signal_sent_by_a_function_resumes_another,
    "WaitForEvent": test_node_engine.test_a_wait_takes_the_event_its_expression_matches,
    "Step": None,  # of SDKs before the third; tests/unit/durable/domain/test_machine.py
    "StepRun": test_node_engine.test_without_checkpoints_each_step_takes_a_call,
    "StepError": test_node_engine.test_steps_and_bodies_are_retried_on_their_own,
    "StepFailed": test_node_engine.test_a_step_that_failed_for_good_can_be_caught,
    "StepPlanned": test_node_engine.test_parallel_steps_sleeps_and_waits_join,
    "Sleep": test_node_engine.test_parallel_steps_sleeps_and_waits_join,
    "StepNotFound": None,  # told with a 500, not as an operation
    "InvokeFunction": (
        test_node_engine.test_invoke_returns_the_result_and_throws_the_error_of_a_function
    ),
    "AIGateway": test_node_extras.test_a_model_is_asked_by_the_engine_and_wrapped_calls_are_steps,
    "Gateway": test_node_engine.test_fetch_is_made_by_the_engine,
    "RunComplete": test_node_engine.test_steps_are_checkpointed_within_one_call,
    # Once an endpoint has run for ten seconds; tests/unit/durable/engine/test_endpoints.py
    "DiscoveryRequest": None,
    "DeferAdd": test_node_extras.test_deferred_functions_start_when_the_run_has_ended,
    "DeferAbort": test_node_extras.test_deferred_functions_start_when_the_run_has_ended,
}


def test_every_operation_of_the_sdk_is_in_the_table() -> None:
    source = (NODE_DIRECTORY / "node_modules" / "inngest" / "types.js").read_text()
    names = set(re.findall(r'StepOpCode\$?\d*\["\w+"\] = "(\w+)"', source))
    assert names == set(TESTED)
    assert names - {"StepNotFound"} <= {opcode.value for opcode in Opcode}
