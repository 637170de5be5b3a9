"""Batches: what the real server said, and the real BatchLinkPlugin against ours."""

import json
from typing import Any

import pytest
from tests.node_peer import ask_node, peers_installed

from rawr.http import RPCHandler
from rawr.http.plugins import Batch
from rawr.testing.asgi import ASGIClient

from .golden_cases import cases
from .golden_router import rpc_router
from .live_router import headers_context, live_router
from .serving import serving

BATCHES = cases("rpc-batch")
EXPECTED_CASES = 15


@pytest.mark.parametrize("name", sorted(BATCHES))
async def test_batches_are_answered_like_by_the_real_server(name: str) -> None:
    sent, expected = BATCHES[name].request, BATCHES[name].response
    client = ASGIClient(RPCHandler(rpc_router(), plugins=[Batch()]).asgi(prefix="/rpc"))
    response = await client.request(
        sent.method, sent.target, headers=sent.headers, body=sent.content
    )
    assert response.status == expected.status
    assert expected.headers.items() <= response.headers.items()
    if name.startswith("buffered"):
        # In order of completion, which is up to each server.
        assert _by_index(response.json()) == _by_index(json.loads(expected.body))
    else:
        assert response.body == expected.content


def _by_index(answers: list[Any]) -> list[Any]:
    return sorted(answers, key=lambda answer: answer["index"])


@pytest.mark.node
def test_the_real_batch_plugin_is_served_like_by_the_real_server(
    subtests: pytest.Subtests,
) -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    handler = RPCHandler(live_router(), plugins=[Batch()])
    with serving(handler.asgi(prefix="/rpc", context=headers_context)) as base_url:
        outcome = ask_node("peers/batch.mjs", {"baseUrl": base_url})
    assert len(outcome) == EXPECTED_CASES
    for name, failure in outcome.items():
        with subtests.test(name):
            assert failure is None
