"""A request must arrive before its deadline, which each byte of the body extends a little."""

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from vuemantics.server.deadline import BODY_BYTES_PER_SECOND, BODY_SECONDS, HEAD_SECONDS, RequestDeadline


class Request:
    """A request with its deadline, on a clock that the test advances."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.expired = False
        self.deadline = RequestDeadline(self.clock, self.expire)

    def expire(self) -> None:
        self.expired = True

    def receive(self, *, bytes_per_second: float, seconds: int) -> None:
        for _ in range(seconds):
            self.deadline.extend(int(bytes_per_second))
            self.clock.advance(1)


@pytest.fixture
def request_(request: pytest.FixtureRequest) -> Iterator[Request]:
    made = Request()
    yield made
    made.deadline.close()
    assert not made.clock.getDelayedCalls()


def test_head_that_arrives_too_slowly_expires(request_: Request) -> None:
    for _ in range(int(HEAD_SECONDS)):
        request_.deadline.start_head()
        request_.clock.advance(1)

    assert request_.expired


def test_body_that_arrives_too_slowly_expires(request_: Request) -> None:
    request_.deadline.start_head()
    request_.deadline.start_body()

    request_.receive(bytes_per_second=1, seconds=int(BODY_SECONDS) + 1)

    assert request_.expired


def test_body_at_the_minimum_rate_does_not_expire(request_: Request) -> None:
    request_.deadline.start_body()

    request_.receive(bytes_per_second=BODY_BYTES_PER_SECOND, seconds=3600)

    assert not request_.expired


def test_complete_request_does_not_expire(request_: Request) -> None:
    request_.deadline.start_head()
    request_.deadline.stop()

    request_.clock.advance(HEAD_SECONDS + BODY_SECONDS)

    assert not request_.expired


def test_slow_head_after_a_large_body_expires(request_: Request) -> None:
    request_.deadline.start_body()
    request_.receive(bytes_per_second=2**30, seconds=int(HEAD_SECONDS) + 1)
    request_.deadline.stop()

    request_.deadline.start_head()
    request_.clock.advance(HEAD_SECONDS)

    assert request_.expired
