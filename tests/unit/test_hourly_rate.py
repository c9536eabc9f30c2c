"""An owner may create only a limited number of database rows per hour."""

import pytest

from batches.intake.owner_limits import HourlyRate, RateExceeded


def test_rate_recovers_with_time_and_is_kept_for_each_owner() -> None:
    now = 1000.0
    rate = HourlyRate(lambda: 60, lambda: now)
    for _ in range(60):
        rate.take(1)
    with pytest.raises(RateExceeded) as refusal:
        rate.take(1)
    rate.take(2)

    now += refusal.value.retry_after
    rate.take(1)

    assert refusal.value.retry_after == 60
    with pytest.raises(RateExceeded):
        rate.take(1)
