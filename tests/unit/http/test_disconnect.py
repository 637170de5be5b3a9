import asyncio

import anyio
import pytest
from tests.unit.http.kit import Gate, rpc_client

from rawr.http import ClientDisconnected
from rawr.http._companion import stays, until_disconnected


async def never() -> dict[str, str]:
    await asyncio.Event().wait()
    raise AssertionError


async def test_the_client_leaving_cancels_the_handler() -> None:
    gate = Gate()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            client = rpc_client(gate)

            async def call() -> None:
                async with client.exchange("POST", "/rpc/suspend", body=b"{}") as exchange:
                    await gate.entered.wait()
                    exchange.disconnect()
                    await exchange.ended()

            tasks.start_soon(call)
    assert gate.left == ["cancelled"]


async def test_the_client_leaving_mid_body_calls_nothing() -> None:
    gate = Gate()
    async with rpc_client(gate).exchange(
        "POST", "/rpc/suspend", body=[b"{", b""], complete=False
    ) as exchange:
        exchange.disconnect()
        await exchange.ended()
    assert not gate.entered.is_set()


async def test_a_handler_that_waits_answers_when_it_is_done() -> None:
    gate = Gate()
    async with anyio.create_task_group() as tasks:

        async def open_later() -> None:
            await gate.entered.wait()
            gate.opened.set()

        tasks.start_soon(open_later)
        response = await rpc_client(gate).request("POST", "/rpc/suspend", body=b"{}")
    assert response.body == b'{"json":"done"}'


async def test_work_that_never_suspends_gets_no_watcher() -> None:
    async def work() -> int:
        return 1

    before = len(asyncio.all_tasks())
    assert await until_disconnected(work(), never) == 1
    assert len(asyncio.all_tasks()) == before


async def test_failures_of_the_work_come_through() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        await until_disconnected(work(), never)


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    async def run() -> None:
        await until_disconnected(work(), never)

    task = asyncio.create_task(run())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_disconnect_leaves_no_cancellation_behind() -> None:
    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def run() -> int:
        with pytest.raises(ClientDisconnected):
            await until_disconnected(asyncio.sleep(60), gone)
        task = asyncio.current_task()
        assert task is not None
        await asyncio.sleep(0)
        return task.cancelling()

    assert await asyncio.create_task(run()) == 0


async def test_work_that_ignores_the_disconnect_may_finish() -> None:
    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def stubborn() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "finished"
        return "slept"

    async def run() -> tuple[str, int]:
        result = await until_disconnected(stubborn(), gone)
        task = asyncio.current_task()
        assert task is not None
        return result, task.cancelling()

    assert await asyncio.create_task(run()) == ("finished", 0)


async def test_the_client_leaving_before_its_body_calls_nothing() -> None:
    gate = Gate()
    async with rpc_client(gate).exchange(
        "POST", "/rpc/suspend", body=(), complete=False
    ) as exchange:
        exchange.disconnect()
        await exchange.ended()
    assert not gate.entered.is_set()


async def test_a_disconnect_reaches_tasks_the_work_has_started() -> None:
    left: list[str] = []
    started = anyio.Event()

    async def child() -> None:
        try:
            started.set()
            await anyio.sleep_forever()
        finally:
            left.append("child")

    async def work() -> None:
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(child)
                await anyio.sleep_forever()

    async def gone_once_started() -> dict[str, str]:
        await started.wait()
        return {"type": "http.disconnect"}

    async def run() -> None:
        with pytest.raises(ClientDisconnected):
            await until_disconnected(work(), gone_once_started)
        await asyncio.sleep(0)

    await asyncio.create_task(run())
    assert left == ["child"]


async def test_a_scope_around_the_request_may_still_end_it() -> None:
    with anyio.move_on_after(0) as scope:
        await until_disconnected(anyio.sleep_forever(), never)
    assert scope.cancelled_caught


async def test_work_whose_caller_stays_needs_no_watcher() -> None:
    before = len(asyncio.all_tasks())
    counts: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        counts.append(len(asyncio.all_tasks()))

    await until_disconnected(work(), stays)
    assert counts == [before]
    with anyio.move_on_after(0) as scope:
        await stays()
    assert scope.cancelled_caught
