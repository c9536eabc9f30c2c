"""How long a batch still takes, said only when it is known."""

import pytest

from batches.pace import WINDOW, Pace, time_left


def seen(*points: tuple[float, int]) -> Pace:
    pace = Pace()
    for when, done in points:
        pace.note(when, done)
    return pace


def test_pace_says_nothing_after_too_little() -> None:
    assert Pace().rate is None
    assert seen((0, 0), (4.9, 100)).rate is None
    assert seen((0, 0), (30, 4)).rate is None


def test_pace_is_that_of_the_last_minute() -> None:
    slow_then_fast = seen((0, 0), (100, 10), (130, 160), (160, 310))

    assert slow_then_fast.rate == pytest.approx(5)


def test_pace_keeps_what_spans_the_window() -> None:
    assert seen((0, 0), (WINDOW + 10, 140)).rate == pytest.approx(2)


def test_pace_starts_anew_when_files_are_tried_again() -> None:
    assert seen((0, 0), (50, 500), (51, 480)).rate is None


def test_pace_starts_anew_after_a_pause() -> None:
    pace = seen((0, 0), (50, 500))

    pace.forget()

    assert pace.rate is None


@pytest.mark.parametrize(
    ("files", "rate", "words"),
    [
        (10, None, ""),
        (0, 5.0, ""),
        (40, 1.0, "less than a minute left"),
        (60, 1.0, "about 1 minute left"),
        (600, 1.0, "8–13 minutes left"),  # noqa: RUF001
        (6_000, 1.0, "1–2 hours left"),  # noqa: RUF001
        (500_000, 1.0, "5–8 days left"),  # noqa: RUF001
    ],
)
def test_time_left_is_a_range_in_words(files: int, rate: float | None, words: str) -> None:
    assert time_left(files, rate) == words
