"""Event iterators as HTTP request bodies, written by the real packages."""

import pytest
from tests.node_peer import ask_node, peers_installed

from rawr.http import RPCHandler

from .live_router import headers_context, live_router
from .serving import serving

pytestmark = pytest.mark.node

EXPECTED_CASES = 3


def test_event_iterators_of_the_real_encoder_are_read(subtests: pytest.Subtests) -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    app = RPCHandler(live_router()).asgi(prefix="/rpc", context=headers_context)
    with serving(app) as base_url:
        outcome = ask_node("peers/uploads.mjs", {"baseUrl": base_url})
    assert len(outcome) == EXPECTED_CASES
    for name, failure in outcome.items():
        with subtests.test(name):
            assert failure is None
