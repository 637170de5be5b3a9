"""Who gets in, over real sockets: one-time links, tokens made beside the host."""

import os
import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.hq import RAWR, ROOT, RunningHq, running_hq

pytestmark = pytest.mark.acceptance

TRIGGER = "/api/workflows/invoicing/reconciliation/trigger"
STATUS = "/api/orpc/invoicing/processing/run-1"


def rawr(hq: RunningHq, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RAWR, *arguments, "--hq", str(ROOT / "hq")],
        env={**os.environ, "RAWR_DATA_DIR": str(hq.data_dir)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_the_printed_link_signs_a_browser_in_once(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq:
        links = re.findall(r"(http\S+/sign-in\?ticket=\S+)", hq.log.read_text())
        assert len(links) == 1
        with httpx2.Client(trust_env=False, timeout=10, follow_redirects=True) as browser:
            page = browser.get(links[0])
            assert (page.status_code, page.url.path) == (200, "/")
            assert "Signed in as developer" in page.text
            own = {"origin": hq.base_url, "x-csrf-token": "orpc"}
            call = browser.post(f"{hq.base_url}{TRIGGER}", json={"invoiceId": "inv-1"}, headers=own)
            assert call.status_code == 200, call.text
            forged = browser.post(f"{hq.base_url}{TRIGGER}", json={"invoiceId": "inv-1"})
            assert forged.json()["code"] == "CSRF_TOKEN_MISMATCH"
        assert httpx2.get(links[0], trust_env=False).status_code == 401
        ticket = links[0].partition("=")[2]
        assert hq.log.read_text().count(ticket) == 1


def test_a_token_made_beside_the_host_works_until_revoked(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq:
        made = rawr(hq, "tokens", "create", "partner", "--role", "finance:read")
        assert made.returncode == 0, made.stderr
        headers = {"authorization": f"Bearer {made.stdout.strip()}"}
        url = hq.base_url + STATUS
        assert httpx2.get(url, headers=headers, trust_env=False).status_code == 404
        rpc = f"{hq.base_url}/rpc/invoicing/workflows/getRunStatus"
        refused = httpx2.post(rpc, json={"json": {}}, headers=headers, trust_env=False)
        assert refused.status_code == 403
        token_id = made.stderr.split()[1]
        assert rawr(hq, "tokens", "revoke", token_id).returncode == 0
        assert httpx2.get(url, headers=headers, trust_env=False).status_code == 401
        assert made.stdout.strip() not in hq.log.read_text()
        hq.kill()
        assert "revoked" in rawr(hq, "tokens", "list").stdout


def test_a_revoked_token_ends_its_streams_without_noise(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq, hq.client() as own:
        made = rawr(
            hq,
            *("tokens", "create", "partner", "--tenant", "local"),
            *("--role", "finance:read", "--can-call-internal"),
        )
        started = own.post("/api/orpc/invoicing/processing/start", json={"invoiceId": "inv-1"})
        url = f"{hq.base_url}/api/workflows/invoicing/runs/{started.json()['runId']}/events"
        headers = {"authorization": f"Bearer {made.stdout.strip()}"}
        with httpx2.stream("GET", url, headers=headers, trust_env=False, timeout=15) as stream:
            assert stream.status_code == 200
            chunks = stream.iter_bytes()
            next(chunks)
            assert rawr(hq, "tokens", "revoke", made.stderr.split()[1]).returncode == 0
            with pytest.raises(httpx2.RemoteProtocolError):
                list(chunks)
        log = hq.log.read_text()
        assert 'stream.ended subject="partner"' in log
        assert "ERROR" not in log
