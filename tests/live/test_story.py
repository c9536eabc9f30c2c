"""The summary of a finished import: the number of photos and videos, their dates, and a selection of pictures."""

from datetime import UTC, date, datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from batches.engine import claim, finish_item
from batches.live.story import read_story
from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.failures import LOST_WORKER
from uploads.models import MediaKind, Upload


def finished(owner: User, files: int) -> tuple[UploadBatch, list[Upload]]:
    """Process an import of pictures taken on consecutive evenings; return the batch and its pictures, oldest first."""
    batch = make_batch(owner, files)
    while claimed := claim.claim_item(batch.id, LOST_WORKER):
        finish_item.complete_item(claimed)
    uploads = list(Upload.objects.filter(items__batch=batch).order_by("items__id"))
    for number, upload in enumerate(uploads):
        upload.processed_at = timezone.now()
        # 23:30 by the camera's clock, and the next day in UTC.
        upload.taken_at, upload.utc_offset = datetime(2026, 6, 6, 1, 30, tzinfo=UTC) + timedelta(days=number), -120
        upload.save()
    batch.refresh_from_db()
    return batch, uploads


def test_story_has_the_pictures_that_the_library_shows(owner: User) -> None:
    batch, (hidden, *shown, trashed) = finished(owner, 5)
    Upload.objects.filter(id=hidden.id).update(archived=True)
    Upload.objects.filter(id=trashed.id).update(trashed_at=timezone.now())
    Upload.objects.filter(id=shown[2].id).update(kind=MediaKind.VIDEO)

    story = read_story(batch)

    assert (story.photos, story.videos) == (2, 1)
    assert (story.first_day, story.last_day) == (date(2026, 6, 6), date(2026, 6, 8))
    assert story.pictures == tuple(shown)


def test_pictures_are_spread_over_the_import(owner: User) -> None:
    batch, uploads = finished(owner, 10)

    assert read_story(batch).pictures == tuple(uploads[::2])


def test_import_without_pictures_has_an_empty_story(owner: User) -> None:
    story = read_story(make_batch(owner, 1))

    assert (story.photos, story.videos, story.first_day, story.pictures) == (0, 0, None, ())
