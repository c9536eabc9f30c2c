"""A tus body must arrive at a minimum rate."""

import asyncio

import pytest

from batches.intake.tus import body
from batches.intake.tus.body import LEAST_RATE, Message, RequestBody
from batches.intake.tus.protocol_error import TusError


async def read_all(received: RequestBody) -> int:
    """Read a body and return its size."""
    return sum([len(piece) async for piece in received._pieces()])


async def test_slow_body_is_refused_although_it_never_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.1)

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(TusError) as error:
        await read_all(RequestBody(receive))

    assert (error.value.status, error.value.code) == (408, "tus.quiet")


async def test_body_at_the_minimum_rate_may_take_longer_than_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 60.0)
    now, pieces = 0.0, 0
    monkeypatch.setattr(body, "monotonic", lambda: now)

    async def receive() -> Message:
        nonlocal now, pieces
        now, pieces = now + 30, pieces + 1
        return {"type": "http.request", "body": bytes(30 * LEAST_RATE), "more_body": pieces < 100}

    assert await read_all(RequestBody(receive)) == 100 * 30 * LEAST_RATE
