"""Items complete as duplicates only if their picture has been processed; otherwise they are processed, fail or wait."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import Settings

from batches.engine import cancel, claim
from batches.engine.circuit_breaker import breaker
from batches.engine.runner import run_job
from batches.models.states import BatchKind, ItemStatus
from tests.support.batches import assert_counters_match, make_batch
from tests.support.clock import Clock
from tests.test_end_to_end import send
from uploads.models import Upload
from uploads.storage import original_name

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def test_same_picture_is_still_processed_after_a_cancel(owner: User) -> None:
    first = send(owner, [SAMPLES / "coffee.jpg"])

    second = send(owner, [SAMPLES / "coffee.jpg"])
    cancel.cancel_batch(first.id)

    assert second.items.get().status == ItemStatus.PENDING
    assert second.items.get().result == ""


def test_item_of_a_processed_picture_completes_as_duplicate(owner: User) -> None:
    batch = make_batch(owner, files=1)
    Upload.objects.update(processed_at=timezone.now())
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    assert claimed.already_processed

    run_job(claimed)

    item = batch.items.get()
    assert (item.status, item.result) == (ItemStatus.COMPLETED, "duplicate")
    assert_counters_match(batch)


def test_reanalysis_processes_a_processed_picture(owner: User) -> None:
    batch = make_batch(owner, files=1)
    Upload.objects.update(processed_at=timezone.now())
    type(batch).objects.filter(id=batch.id).update(kind=BatchKind.REANALYSIS)

    claimed = claim.claim_item(batch.id, WORKER)

    assert claimed is not None
    assert not claimed.already_processed


def test_items_of_one_broken_file_both_fail(owner: User, tmp_path: Path) -> None:
    broken = (SAMPLES / "coffee.jpg").read_bytes()[:-3000]
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(broken)
    batch = send(owner, [tmp_path / "a.jpg", tmp_path / "b.jpg"])

    while (claimed := claim.claim_item(batch.id, WORKER)) is not None:
        run_job(claimed)

    assert_counters_match(batch)
    assert (batch.successful, batch.failed) == (0, 2)


def test_unreadable_file_fails_alone_while_storage_works(owner: User) -> None:
    batch = send(owner, [SAMPLES / "coffee.jpg"])
    stored = Path(default_storage.path(original_name(Upload.objects.get().key)))
    stored.unlink()
    stored.mkdir()
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None

    run_job(claimed)

    assert batch.items.get().error_code == "file.unreadable"
    assert breaker.open_cause() == ("", "")


def test_already_processed_item_does_not_close_a_breaker(owner: User, clock: Clock) -> None:
    batch = make_batch(owner, files=1)
    Upload.objects.update(processed_at=timezone.now())
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    breaker.trip("model.away", "The model server does not answer.")
    clock.now += breaker.seconds_open()

    run_job(claimed)

    assert breaker.open_cause()[0] == "model.away"
    assert batch.items.get().status == ItemStatus.COMPLETED


def test_item_waits_while_the_analyzer_is_unusable(owner: User, settings: Settings) -> None:
    settings.DESCRIBER = "tests.support.analyzers:Broken"
    batch = send(owner, [SAMPLES / "coffee.jpg"])
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None

    run_job(claimed)

    assert breaker.open_cause()[0] == "analysis.unusable"
    assert batch.items.get().status == ItemStatus.PENDING
