"""A process that triggers, as fast as it can: `python -m ... URL TOKEN BODIES`.

Waits for a line on its input, so that several start together; prints one JSON answer a line.
"""

import json
import sys

import httpx2


def race(url: str, token: str, bodies: list[object]) -> None:
    """Post each body in turn, and print status and run id, or code, of each answer."""
    headers = {"authorization": f"Bearer {token}"}
    with httpx2.Client(headers=headers, trust_env=False, timeout=20) as client:
        client.get(url)  # connected before the start
        print("ready", flush=True)  # noqa: T201 - the test waits for it
        sys.stdin.readline()
        for body in bodies:
            response = client.post(url, json=body)
            told = response.json()
            print(json.dumps([response.status_code, told.get("runId") or told["code"]]))  # noqa: T201 - its answer


if __name__ == "__main__":
    race(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
