"""The pause before the next attempt to send e-mails grows with each failure."""

import pytest

from batches.worker.mail_delivery import MAX_PAUSE, MIN_PAUSE, Backoff


def test_pause_doubles_with_each_failure_up_to_a_limit_and_ends_with_a_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    backoff = Backoff()
    pauses = []
    for _ in range(8):
        backoff.record_failure(OSError("refused"))
        start = now
        while backoff.is_waiting():
            now += MIN_PAUSE
        pauses.append(now - start)

    assert pauses == [10, 20, 40, 80, 160, 320, MAX_PAUSE, MAX_PAUSE]
    backoff.record_failure(OSError("refused"))
    backoff.record_success()
    assert not backoff.is_waiting()
