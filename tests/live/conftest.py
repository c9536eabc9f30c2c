"""Shorter intervals between frames, polls and events for the tests of live pages."""

import pytest

from batches.live import renderer, viewer
from batches.messaging import live_events


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and send changes after tenths of the usual times."""
    for module in (renderer, viewer):
        monkeypatch.setattr(module, "FRAME_SECONDS", 0.025)
    monkeypatch.setattr(viewer, "LOW_PRIORITY_SECONDS", 0.05)
    monkeypatch.setattr(renderer, "POLL_SECONDS", 0.2)
    monkeypatch.setattr(renderer, "IDLE_POLL_SECONDS", 1.0)
    monkeypatch.setattr(live_events, "EVENT_INTERVAL_SECONDS", 0.025)
