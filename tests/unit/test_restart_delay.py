"""The delay before a supervised process is restarted."""

import pytest

from vuemantics.localstack.supervisor import HEALTHY_SECONDS, MAX_DELAY, exits_after_run, restart_delay


def delays(exits: int, seconds: float) -> list[float]:
    """Return the delay before each restart of a process that exits after `seconds` each time."""
    found, consecutive = [], 0
    for _ in range(exits):
        consecutive = exits_after_run(consecutive, seconds) + 1
        found.append(restart_delay(consecutive))
    return found


def test_crash_loop_is_slowed_down() -> None:
    assert delays(9, 1) == [0, 0.5, 1, 2, 4, 8, 16, MAX_DELAY, MAX_DELAY]


@pytest.mark.parametrize("seconds", [10, 60, 3600])
def test_rare_kills_do_not_delay_the_restart(seconds: float) -> None:
    assert delays(25, seconds) == [0] * 25


def test_a_minute_of_work_ends_the_delay() -> None:
    assert restart_delay(exits_after_run(100, HEALTHY_SECONDS) + 1) == 0
