"""Fragments stay small, because long names of files in progress are truncated. The bar shows the failed files."""

import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone, translation
from django.utils.html import escape

from batches.engine import claim
from batches.live.batch_snapshot import read_snapshot
from batches.live.eta import Eta
from batches.live.fragments import FREQUENT_BYTES, render_fragments
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, Stage
from batches.views.template_tags import fit_bytes
from tests.support.batches import make_batch
from tests.support.failures import LOST_WORKER
from uploads.models import Upload

NAMES = ["&" * 40, "'" * 40, "写" * 40, "📷" * 40, "x" * 40]
ETA = Eta("13–17 Minuten übrig", "106 Dateien in der Minute", "23 h 59 min", shared=True)  # noqa: RUF001


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """A batch with the counters of a very large one, eight of whose files are in a stage with a long name."""
    batch = make_batch(owner, 12)
    for _ in range(8):
        claim.claim_item(batch.id, LOST_WORKER)
    batch.items.update(stage=Stage.PREVIEWING)
    UploadBatch.objects.filter(id=batch.id).update(name="&" * 200, total=500_000, successful=123_456, failed=12_345)
    return batch


def frame_of(batch: UploadBatch) -> str:
    snapshot = read_snapshot(batch.id)
    assert snapshot is not None
    with translation.override("de"):
        parts = render_fragments(snapshot, ETA)
    return parts["summary"] + parts["in_progress"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("has_previews", [False, True])
def test_frame_size_is_bounded_for_any_names(batch: UploadBatch, name: str, has_previews: bool) -> None:
    BatchItem.objects.filter(batch=batch).update(filename=name)
    if has_previews:
        UploadBatch.objects.filter(id=batch.id).update(kind=BatchKind.REANALYSIS)
        Upload.objects.update(previews={"320": "previews/there.jpg"}, processed_at=timezone.now())

    frame = frame_of(batch)

    assert len(frame.encode()) <= FREQUENT_BYTES
    assert f"<b>{escape(name[0])}" in frame


def test_names_of_few_files_are_not_truncated(owner: User) -> None:
    batch = make_batch(owner, 2)
    claim.claim_item(batch.id, LOST_WORKER)
    BatchItem.objects.filter(batch=batch).update(filename="Sunset at the black beach of Vík.JPG")

    assert "<b>Sunset at the black beach of Vík.JPG</b>" in frame_of(batch)


@pytest.mark.parametrize(
    ("name", "max_bytes", "shown"),
    [
        ("IMG_1.JPG", 9, "IMG_1.JPG"),
        ("IMG_1.JPG", 8, "IMG_1…"),
        ("a&b&c", 8, "a…"),
        ("a&b&c", 9, "a&…"),
        ("Vík.JPG", 6, "Ví…"),
        ("Vík.JPG", 2, ""),
        ("", 0, ""),
    ],
)
def test_name_is_truncated_by_its_escaped_size(name: str, max_bytes: int, shown: str) -> None:
    assert fit_bytes(name, max_bytes) == shown


@pytest.mark.parametrize(("failed", "values"), [(0, ["9"]), (3, ["9", "6"])])
def test_bar_shows_the_share_of_failed_files(owner: User, failed: int, values: list[str]) -> None:
    batch = make_batch(owner, 12)
    UploadBatch.objects.filter(id=batch.id).update(successful=9 - failed, failed=failed)

    assert re.findall(r'<progress (?:inert )?max="12" value="(\d+)"', frame_of(batch)) == values
