"""Time slices shrink when many batches wait, and every stage has a time limit."""

import pytest
from pytest_django.fixtures import Settings

from batches.engine.heartbeat import stage_seconds
from batches.engine.time_slice import time_slice_seconds
from batches.models.states import Stage


@pytest.mark.parametrize(("batches", "seconds"), [(0, 1.0), (8, 1.0), (16, 0.6), (96, 0.1), (100_000, 0.05)])
def test_time_slice_shrinks_when_many_batches_wait(settings: Settings, batches: int, seconds: float) -> None:
    settings.WORKER_PROCESSES, settings.WORKER_THREADS, settings.TIME_SLICE_SECONDS = 2, 4, 1.0

    assert time_slice_seconds(batches) == pytest.approx(seconds)


def test_stage_has_its_own_deadline_or_the_default(settings: Settings) -> None:
    settings.STAGE_SECONDS, settings.STAGE_DEADLINES = 600, {"describing": 1800.0}

    assert stage_seconds(Stage.DESCRIBING) == 1800
    assert stage_seconds(Stage.CHECKING) == 600
