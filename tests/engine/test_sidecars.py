"""Sidecars apply to the pictures of their import in any order; other JSON files are refused or ignored."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches.engine import lifecycle, link_sidecars
from batches.engine.maintenance_check import check_maintenance
from batches.engine.reanalyse import reanalyse_batch
from batches.intake.outcome import recorded_outcome
from batches.models import SidecarEntry, SidecarFile, UploadBatch
from batches.models.states import BatchStatus
from batches.worker.reconciler import reconcile
from tests.engine.sidecar_files import NOON, open_batch, takeout, xmp
from tests.support.batches import assert_counters_match
from tests.support.imports import finish_all, queue_picture, send_sidecar, sidecar_items
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("order", ["sidecar first", "between", "sidecar last"])
def test_sidecar_applies_to_its_picture_in_any_order(owner: User, order: str) -> None:
    batch = open_batch(owner)
    steps: dict[str, Callable[[], object]] = {
        "picture": lambda: queue_picture(batch, "a/IMG_1.jpg"),
        "sidecar": lambda: send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="Us", favorited=True)),
        "finish": lambda: finish_all(batch, taken_at=datetime(2020, 1, 1, tzinfo=UTC), latitude=1.0, longitude=2.0),
    }
    orders = {
        "sidecar first": ("sidecar", "picture", "finish"),
        "between": ("picture", "sidecar", "finish"),
        "sidecar last": ("picture", "finish", "sidecar"),
    }
    for step in orders[order]:
        steps[step]()

    upload = Upload.objects.get()
    assert (upload.taken_at, upload.taken_source, upload.latitude) == (NOON, "sidecar", 1.0)
    assert (upload.caption, upload.favourite, upload.archived) == ("Us", True, False)
    assert upload.description == "A glacier."
    entry = SidecarEntry.objects.get()
    assert (entry.upload, entry.is_due) == (upload, False)
    assert_counters_match(batch)
    assert (batch.sidecars, batch.new) == (1, 1)


def test_sidecar_is_counted_and_never_a_picture(owner: User) -> None:
    batch = open_batch(owner)

    outcome = send_sidecar(batch, "a/IMG_1.jpg.json", takeout())
    lifecycle.seal_batch(batch.id)

    batch.refresh_from_db()
    assert (outcome.state, batch.status, batch.sidecars, batch.successful) == ("sidecar", "completed", 1, 1)
    assert not Upload.objects.exists()
    [item] = sidecar_items(batch)
    assert bytes(SidecarFile.objects.get(item=item).content).startswith(b'{"photoTakenTime"')
    assert len(item.sha256) == 64
    assert SidecarEntry.objects.get().upload is None


@pytest.mark.parametrize("content", ["{}", '{"a": 1}', "{" * 50])
def test_other_json_is_refused_with_its_reason(owner: User, content: str) -> None:
    batch = open_batch(owner)

    outcome = send_sidecar(batch, "a/package.json", content)

    assert (outcome.state, outcome.code) == ("refused", "sidecar.unreadable")
    assert_counters_match(batch)
    assert batch.failed == 1


def test_account_data_of_an_export_is_ignored_and_not_stored(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Takeout", expected_items=1)

    outcome = send_sidecar(batch, "Takeout/Google Photos/titres-souvenirs.json", {"title": ["Our trip"]})
    lifecycle.seal_batch(batch.id)

    assert_counters_match(batch)
    assert (outcome.state, outcome.code) == ("ignored", "ignored.export")
    assert (batch.status, batch.ignored, batch.total, batch.never_arrived) == (BatchStatus.COMPLETED, 1, 0, 0)
    assert not SidecarFile.objects.exists()
    assert recorded_outcome(batch.items.get()) == outcome


def test_picture_in_another_folder_or_with_another_counter_is_not_touched(owner: User) -> None:
    batch = open_batch(owner)
    for path in ("b/IMG_1.jpg", "a/IMG_1(1).jpg", "a/IMG_2.jpg"):
        queue_picture(batch, path)
    finish_all(batch)

    send_sidecar(batch, "a/IMG_1.jpg.json", takeout())

    assert not Upload.objects.exclude(taken_at=None).exists()


def test_edited_version_and_film_share_the_file_of_the_original(owner: User) -> None:
    batch = open_batch(owner)
    for name in ("IMG_1.jpg", "IMG_1-edited.jpg", "IMG_1.MP4"):
        queue_picture(batch, f"a/{name}")
    send_sidecar(batch, "a/IMG_1.jpg.supplemental-metadata.json", takeout())
    finish_all(batch)

    assert set(Upload.objects.values_list("taken_at", flat=True)) == {NOON}


def test_late_own_sidecar_replaces_a_shared_one(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_1.MP4")
    finish_all(batch)
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="shared"))

    send_sidecar(batch, "a/IMG_1.MP4.json", takeout(description="own"))
    send_sidecar(batch, "a/IMG_1.HEIC.json", takeout(description="shared, too"))

    assert Upload.objects.get().caption == "own"


def test_xmp_comes_before_takeout_in_any_order(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.jpg.xmp", xmp('xmp:Rating="3" xmp:CreateDate="2019-05-14T20:35:12+02:00"'))
    finish_all(batch)
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="Us"))

    upload = Upload.objects.get()

    assert (upload.taken_at, upload.utc_offset) == (datetime(2019, 5, 14, 18, 35, 12, tzinfo=UTC), 120)
    assert (upload.rating, upload.caption) == (3, "Us")


def test_reanalysis_keeps_the_values_of_sidecars(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="Us"))
    finish_all(batch, taken_at=datetime(2020, 1, 1, tzinfo=UTC))
    lifecycle.seal_batch(batch.id)

    again = reanalyse_batch(batch.id)
    assert again is not None
    finish_all(UploadBatch.objects.get(id=again), taken_at=datetime(2020, 1, 1, tzinfo=UTC))

    upload = Upload.objects.get()
    assert (upload.taken_at, upload.caption) == (NOON, "Us")


def test_reconciler_links_what_a_crash_left_due(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_1.jpg")
    finish_all(batch)
    with monkeypatch.context() as crash:
        crash.setattr(link_sidecars, "link_entries_of", lambda item_id: None)
        send_sidecar(batch, "a/IMG_1.jpg.json", takeout())
    assert check_maintenance(8).due_sidecars

    reconcile()

    assert Upload.objects.get().taken_at == NOON
    assert not check_maintenance(8).due_sidecars


def test_sidecar_and_picture_at_the_same_time_find_each_other(owner: User) -> None:
    batch = open_batch(owner)
    numbers = range(20)
    for number in numbers:
        queue_picture(batch, f"a/IMG_{number}.jpg")

    def send_all() -> None:
        try:
            for number in numbers:
                send_sidecar(batch, f"a/IMG_{number}.jpg.json", takeout(description=f"{number}"))
        finally:
            connection.close()

    sender = threading.Thread(target=send_all)
    sender.start()
    finish_all(batch)
    sender.join()

    assert set(Upload.objects.values_list("filename", "caption")) == {(f"IMG_{n}.jpg", f"{n}") for n in numbers}
    assert_counters_match(batch)


def test_date_in_the_file_name_is_the_last_resort(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_20240131_120000.jpg")
    finish_all(batch)
    upload = Upload.objects.get()
    assert (upload.taken_at, upload.taken_source) == (NOON, "name")

    send_sidecar(batch, "a/IMG_20240131_120000.jpg.json", {"photoTakenTime": {"timestamp": "1580515200"}})

    upload.refresh_from_db()
    assert (upload.taken_at.isoformat()[:10] if upload.taken_at else "", upload.taken_source) == (
        "2020-02-01",
        "sidecar",
    )
