"""If `manage.py ingest` reaches a limit, it reports the limit and exits, even with --follow."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.models import UploadBatch
from tests.support.batches import assert_counters_match
from tests.support.commands import CommandRun
from tests.support.images import encoded, textured

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
JPEG = encoded(textured(64, 48), "JPEG")


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    folder = tmp_path / "Iceland"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(JPEG + b"%d" % number)
    return folder


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("OWNER_BYTES", 2 * len(JPEG) + 2, "are already used or reserved"),
        ("MAX_BATCH_FILES", 2, "This import is full."),
        ("MIN_FREE_BYTES", 2**62, "disk is full."),
    ],
)
def test_ingest_stops_at_a_limit(
    owner: User, roll: Path, settings: Settings, limit: str, value: int, message: str
) -> None:
    setattr(settings, limit, value)

    run = CommandRun(roll, "--owner", owner.username, "--follow")

    batch = UploadBatch.objects.get()
    assert (run.status, batch.sealed_at) == (1, None)
    assert message in run.err
    assert "To add the rest, fix the problem and run the same command again." in run.err
    assert_counters_match(batch)


def test_ingest_stops_if_partial_files_cannot_be_written(
    owner: User, roll: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.PARTIAL_ROOT = tmp_path / "partial"
    settings.PARTIAL_ROOT.write_text("no folder")

    run = CommandRun(roll, "--owner", owner.username, "--follow")

    assert run.status == 1
    assert "To add the rest, fix the problem and run the same command again." in run.err
