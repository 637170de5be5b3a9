from typing import Any

import msgspec
import pytest

from rawr.host._mounts import Mount, MountTable, respond


def answering(text: str) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await respond(send, 200, text.encode(), "text/plain")

    return app


async def ask(table: MountTable, path: str) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing to receive")

    await table({"type": "http", "path": path, "method": "GET", "headers": []}, receive, send)
    return sent[0]["status"], sent[1]["body"]


TABLE = MountTable((Mount("/rpc", answering("rpc")), Mount("/", answering("page"), exact=True)))


@pytest.mark.parametrize("path", ["/rpc", "/rpc/x", "/rpc/x/y"])
async def test_a_prefix_owns_its_subtree(path: str) -> None:
    assert await ask(TABLE, path) == (200, b"rpc")


@pytest.mark.parametrize("path", ["/rpcx", "/rp", "/api/rpc", "//rpc", "/other"])
async def test_what_is_not_under_a_prefix_gets_a_typed_404(path: str) -> None:
    status, body = await ask(TABLE, path)
    assert status == 404
    assert msgspec.json.decode(body)["code"] == "NOT_FOUND"


async def test_an_exact_mount_owns_one_path() -> None:
    assert await ask(TABLE, "/") == (200, b"page")
