"""Failures that leave the handler."""

import pytest
from tests.unit.http.kit import Gate, rpc_client

from rawr.contract import ORPCError
from rawr.http import Request, Respond, Response
from rawr.http.plugins import Batch, CallLog, Compression, Rethrow

PLUGINS = [Rethrow(), Batch(), CallLog(), Compression()]


async def test_what_nobody_expected_is_raised_with_nothing_sent() -> None:
    client = rpc_client(plugins=PLUGINS)
    with pytest.raises(RuntimeError):
        await client.request("POST", "/rpc/plainError", body=b"{}")


@pytest.mark.parametrize(
    ("procedure", "body", "status"),
    [("fail", b'{"json":"typed"}', 402), ("validate", b"{}", 400), ("nothing", b"{}", 200)],
)
async def test_what_procedures_report_is_answered(procedure: str, body: bytes, status: int) -> None:
    client = rpc_client(plugins=PLUGINS)
    response = await client.request("POST", f"/rpc/{procedure}", body=body)
    assert response.status == status


async def test_the_application_may_say_what_leaves_and_interceptors_see_it_first() -> None:
    seen: list[str] = []

    async def seeing(request: Request, next: Respond) -> Response:
        try:
            return await next(request)
        except ORPCError as error:
            seen.append(f"{request.operation.name} {error.code}")
            raise

    rethrow = Rethrow(lambda error, _: isinstance(error, ORPCError) and error.status == 400)
    client = rpc_client(plugins=[rethrow], interceptors=[seeing])
    with pytest.raises(ORPCError, match="Input validation failed"):
        await client.request("POST", "/rpc/validate", body=b"{}")
    assert seen == ["validate BAD_REQUEST"]
    assert (await client.request("POST", "/rpc/plainError", body=b"{}")).status == 500


async def test_contexts_that_fail_leave_too() -> None:
    async def context(_request: Request) -> Gate:
        raise ValueError("no gate")

    with pytest.raises(ValueError, match="no gate"):
        await rpc_client(context, plugins=[Rethrow()]).request("POST", "/rpc/nothing", body=b"{}")


async def test_items_of_a_batch_are_answered_each() -> None:
    response = await rpc_client(plugins=PLUGINS).request(
        "POST",
        "/rpc",
        headers={"x-orpc-batch": "buffered"},
        body=b'[{"url":"http://h/rpc/plainError"},{"url":"http://h/rpc/nothing"}]',
    )
    answers = sorted(response.json(), key=lambda answer: answer["index"])
    assert [answer["status"] for answer in answers] == [500, 200]


async def test_a_stream_that_fails_ends_in_its_answer() -> None:
    response = await rpc_client(plugins=PLUGINS).request(
        "POST", "/rpc/stream", body=b'{"json":"plain"}'
    )
    assert response.status == 200
