"""A batch's throughput and its estimated remaining time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.live.throughput import (
    MAX_SAMPLES,
    Throughput,
    duration_text,
    measure_throughput,
    seconds_left,
    throughput_text,
    time_left_text,
)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
STEADY = Throughput(0.8, 1.0, 1.25)


def finished(*seconds_ago: float) -> list[datetime]:
    return [NOW - timedelta(seconds=seconds) for seconds in seconds_ago]


def steadily(files: int, rate: float) -> list[datetime]:
    return finished(*(number / rate for number in range(files)))


def test_throughput_is_unknown_after_too_few_files() -> None:
    assert measure_throughput([], NOW) is None
    assert measure_throughput(finished(*range(5)), NOW) is None
    assert measure_throughput(steadily(100, 50), NOW) is None


def test_throughput_is_that_of_the_finished_files_within_a_range() -> None:
    measured = measure_throughput(steadily(101, 5), NOW)

    assert measured is not None
    assert measured.rate == pytest.approx(5)
    assert measured.slow == pytest.approx(4.25)
    assert measured.fast == pytest.approx(5.75, rel=0.05)


def test_throughput_of_fast_work_is_known_from_the_number_of_files() -> None:
    measured = measure_throughput(steadily(MAX_SAMPLES, 400), NOW)

    assert measured is not None
    assert measured.rate == pytest.approx(400, rel=0.01)


def test_uneven_work_widens_the_range() -> None:
    measured = measure_throughput([*steadily(100, 10), *finished(*(10 + number for number in range(1, 11)))], NOW)

    assert measured is not None
    assert measured.fast > 1.5 * measured.rate
    assert measured.slow < 0.5 * measured.rate


def test_throughput_ignores_files_before_a_break_and_old_files() -> None:
    before_a_pause = finished(*(500 + number for number in range(50)))
    after = steadily(20, 2)

    assert measure_throughput([*before_a_pause, *after], NOW) == measure_throughput(after, NOW)
    assert measure_throughput(finished(*(3600 + number for number in range(50))), NOW) is None


@given(
    files=st.integers(1, 10**6),
    others=st.lists(st.integers(1, 10**6), max_size=20),
    rate=st.floats(0.001, 1000),
)
def test_range_is_ordered_and_shrinks_when_other_batches_finish(files: int, others: list[int], rate: float) -> None:
    measured = Throughput(rate * 0.85, rate, rate * 1.15)

    shortest, longest = seconds_left(files, measured, others)

    assert 0 < shortest < longest
    assert shortest <= seconds_left(files, measured, [])[0] * (1 + 1e-9)
    # In the best case, all other batches finish immediately, and this one becomes `len(others) + 1` times as fast.
    assert shortest >= files / (measured.fast * (len(others) + 1)) * (1 - 1e-9)


def test_time_left_is_shorter_when_other_batches_end_soon() -> None:
    assert seconds_left(100, Throughput(1, 1, 1), [50]) == (75, 100)
    assert seconds_left(100, Throughput(1, 1, 1), [100_000]) == (100, 100)


@pytest.mark.parametrize(
    ("files", "measured", "text"),
    [
        (10, None, ""),
        (0, STEADY, ""),
        (40, STEADY, "less than a minute left"),
        (65, STEADY, "about 1 minute left"),
        (600, STEADY, "8\N{EN DASH}12 minutes left"),
        (6_000, STEADY, "1\N{EN DASH}2 hours left"),
        (500_000, STEADY, "5\N{EN DASH}7 days left"),
    ],
)
def test_time_left_is_worded_as_a_range(files: int, measured: Throughput | None, text: str) -> None:
    assert time_left_text(files, measured) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [(9.63, "9.6 files a second"), (0.5, "30 files a minute"), (0.005, "18 files an hour")],
)
def test_throughput_is_at_least_one_file(rate: float, text: str) -> None:
    assert throughput_text(Throughput(rate, rate, rate)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (59, "less than a minute"),
        (60, "1 minute"),
        (3599, "59 minutes"),
        (3660, "1 h 1 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_duration_has_two_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
