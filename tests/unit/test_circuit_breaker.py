"""The circuit breaker, and the reasons for waiting that pages show while it is open."""

import pytest

from batches.engine.circuit_breaker import CircuitBreaker
from batches.engine.stall_reason import waiting_for
from tests.support.clock import Clock


def test_back_off_doubles_up_to_its_limit(clock: Clock) -> None:
    breaker = CircuitBreaker()
    waits = []

    for _ in range(7):
        breaker.trip("model.away", "a")
        waits.append(breaker.seconds_open())
        clock.now += waits[-1]

    assert waits == [1, 2, 4, 6, 6, 6, 6]


def test_error_during_the_back_off_does_not_prolong_it(clock: Clock) -> None:
    breaker = CircuitBreaker()
    breaker.trip("model.away", "a")
    clock.now += 0.5

    breaker.trip("model.away", "b")

    assert breaker.seconds_open() == 0.5


def test_success_closes_only_the_named_cause(clock: Clock) -> None:
    breaker = CircuitBreaker()
    breaker.trip("database.away", "a")
    breaker.trip("model.away", "b")
    clock.now += 1

    breaker.record_success("database.away")

    assert breaker.open_cause() == ("model.away", "b")


def test_success_during_the_back_off_does_not_close_the_breaker(clock: Clock) -> None:
    breaker = CircuitBreaker()
    breaker.trip("model.away", "a")

    breaker.record_success()

    assert breaker.open_cause() == ("model.away", "a")


def test_message_is_cleaned_before_it_is_logged_or_shown(clock: Clock) -> None:
    breaker = CircuitBreaker()

    breaker.trip("a\0", "b\0")

    assert breaker.open_cause() == ("a\N{REPLACEMENT CHARACTER}", "b\N{REPLACEMENT CHARACTER}")


def test_unknown_cause_is_named_by_its_code() -> None:
    assert waiting_for("tape.away", "The tape is away.").text == "Waiting for tape.away: The tape is away."


def test_outage_is_logged_once_when_it_starts_and_once_when_it_ends(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "batches.engine.circuit_breaker")
    breaker = CircuitBreaker()

    for _failure in range(3):
        breaker.trip("model.100%away", "a", OSError("refused"))
        clock.now += 60
    breaker.record_success()

    messages = [record.getMessage() for record in caplog.records if record.name == "batches.engine.circuit_breaker"]
    assert messages == [
        "Claiming stopped (model.100%away): refused",
        "Claiming resumed: model.100%away is over.",
    ]
