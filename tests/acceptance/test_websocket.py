"""First parties over websockets at /rpc, as the real RPCLink opens them on Node."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.hq import RunningHq, running_hq
from tests.acceptance.test_access import rawr
from tests.node_peer import NODE_DIRECTORY, node_path

pytestmark = [pytest.mark.acceptance, pytest.mark.node]


class Peer:
    """The TypeScript client: it tells facts, one a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def fact(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def peer(hq: RunningHq, **headers: str) -> Iterator[Peer]:
    with subprocess.Popen(
        [node_path(), "peers/hq_socket.mjs"],
        cwd=NODE_DIRECTORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"baseUrl": hq.base_url, "headers": headers}) + "\n")
        process.stdin.flush()
        try:
            yield Peer(process)
        finally:
            process.kill()


def test_a_websocket_carries_calls_and_streams_until_the_host_goes_away(tmp_path: Path) -> None:
    with (
        running_hq(tmp_path / "data") as hq,
        peer(hq, authorization=f"Bearer {hq.token}") as client,
    ):
        assert client.fact() == {
            "seen": ["queued", "reconciling", "completed"],
            "missing": "RUN_NOT_FOUND",
            "at_once": ["completed"] * 20,
        }
        assert client.fact() == {"watching": True}
        assert hq.interrupt() == 0
        assert client.fact() == {
            "closed": {"code": 1001, "reason": "The server is going away"},
            "cut": True,
        }
        assert "ERROR" not in hq.log.read_text()


def test_a_revoked_token_closes_its_websockets(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq:
        made = rawr(
            hq,
            *("tokens", "create", "desk", "--caller", "service"),
            *("--role", "finance:read", "--role", "finance:write"),
            *("--can-call-internal", "--can-trigger-workflows"),
        )
        with peer(hq, authorization=f"Bearer {made.stdout.strip()}") as client:
            client.fact()
            assert client.fact() == {"watching": True}
            assert rawr(hq, "tokens", "revoke", made.stderr.split()[1]).returncode == 0
            assert client.fact()["closed"] == {
                "code": 1008,
                "reason": "Your credentials no longer count",
            }


def test_third_parties_and_strangers_get_no_websocket(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq:
        partner = rawr(hq, "tokens", "create", "partner").stdout.strip()
        for headers, status, code in (
            ({"authorization": f"Bearer {partner}"}, 403, "FORBIDDEN"),
            ({"authorization": "Bearer guessed"}, 401, "UNAUTHORIZED"),
            ({}, 401, "UNAUTHORIZED"),
        ):
            with peer(hq, **headers) as client:
                refused = client.fact()["refused"]
            assert (refused["status"], refused["body"]["json"]["code"]) == (status, code)
