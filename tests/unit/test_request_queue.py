"""Concurrent requests are limited, and clients take turns."""

import asyncio

import pytest

from vuemantics.server.request_queue import RequestQueue, TooBusy


def make_queue(slots: int = 2, per_client: int = 2, waiting: int = 5, seconds: float = 60) -> RequestQueue:
    return RequestQueue(slots=slots, per_client=per_client, waiting=waiting, seconds=seconds)


async def start(queue: RequestQueue, *clients: str) -> list["asyncio.Task[str]"]:
    """Start one task per client, in this order. Each task waits for a slot and then returns its client."""

    async def acquire(client: str) -> str:
        await queue.acquire(client)
        return client

    tasks = [asyncio.create_task(acquire(client)) for client in clients]
    await asyncio.sleep(0)
    return tasks


async def done(tasks: list["asyncio.Task[str]"]) -> list[str]:
    """Return the clients that have a slot by now."""
    for _ in range(5):
        await asyncio.sleep(0)
    return [task.result() for task in tasks if task.done()]


async def cancel(tasks: list["asyncio.Task[str]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_client_over_its_limit_leaves_slots_to_others() -> None:
    queue = make_queue(slots=3, per_client=2)
    tasks = await start(queue, "greedy", "greedy", "greedy", "anna")

    assert await done(tasks) == ["greedy", "greedy", "anna"]
    await cancel(tasks)


async def test_free_slots_go_to_the_clients_in_turn() -> None:
    queue = make_queue(slots=1, per_client=1)
    await queue.acquire("greedy")
    served: list[str] = []

    async def serve(client: str) -> None:
        async with queue.slot(client):
            served.append(client)

    async with asyncio.TaskGroup() as group:
        for client in ["greedy", "greedy", "anna", "ben", "greedy"]:
            group.create_task(serve(client))
            await asyncio.sleep(0)
        queue.release("greedy")

    assert served == ["greedy", "anna", "ben", "greedy", "greedy"]


async def test_full_queue_refuses_only_its_client() -> None:
    queue = make_queue(slots=1, waiting=1)
    tasks = await start(queue, "greedy", "greedy")

    with pytest.raises(TooBusy):
        await queue.acquire("greedy")
    tasks += await start(queue, "anna")
    assert await done(tasks) == ["greedy"]
    await cancel(tasks)


async def test_request_that_waits_too_long_is_refused() -> None:
    queue = make_queue(slots=1, seconds=0.01)
    await queue.acquire("greedy")

    with pytest.raises(TooBusy):
        await queue.acquire("anna")
    queue.release("greedy")
    await queue.acquire("anna")


async def test_cancelled_request_blocks_no_slot() -> None:
    queue = make_queue(slots=1)
    await queue.acquire("greedy")
    first, second = await start(queue, "anna", "ben")
    first.cancel()

    queue.release("greedy")

    assert await second == "ben"
    queue.release("ben")
    await queue.acquire("anna")


async def test_slot_given_to_a_request_that_is_cancelled_goes_to_the_next() -> None:
    queue = make_queue(slots=1)
    await queue.acquire("greedy")
    first, second = await start(queue, "anna", "ben")

    queue.release("greedy")
    first.cancel()

    assert await second == "ben"
