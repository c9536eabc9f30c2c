"""The real pipeline, with broken files and a killed worker: its results and their re-analysis."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from batches import services
from batches.engine import lifecycle
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from bench.images import make_jpegs
from tests.conftest import StartWorker
from tests.support.batches import assert_counters_match
from tests.support.local_files import receive_path
from tests.support.waiting import wait_until
from uploads.models import Embedding, Upload

pytestmark = pytest.mark.django_db(transaction=True)
SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def send(owner: User, files: list[Path]) -> UploadBatch:
    """Create a sealed batch of `files`."""
    batch = lifecycle.open_batch(owner.id, "Whole way")
    for path in files:
        receive_path(batch, path, path.name)
    lifecycle.seal_batch(batch.id)
    return batch


def wait_completed(batch: UploadBatch) -> None:
    """Wait until the batch is completed, and check its counters."""
    wait_until(lambda: UploadBatch.objects.get(id=batch.id).status == BatchStatus.COMPLETED, 60)
    assert_counters_match(batch)


def test_two_broken_files_among_twenty_fail_alone(owner: User, start_worker: StartWorker, tmp_path: Path) -> None:
    files = make_jpegs(tmp_path / "photos", 18, (320, 240))
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(files[0].read_bytes()[:-2000])
    text = tmp_path / "text.jpg"
    text.write_text("not a picture")
    batch = send(owner, [*files, cut, text])

    start_worker(processes=1, threads=2)

    wait_completed(batch)
    assert (batch.successful, batch.failed) == (18, 2)
    failed = dict(batch.items.filter(status=ItemStatus.FAILED).values_list("filename", "error_code"))
    assert failed == {"cut.jpg": "image.truncated", "text.jpg": "file.unsupported"}
    messages = set(batch.items.filter(status=ItemStatus.FAILED).values_list("error_message", flat=True))
    assert len(messages) == 2
    assert "" not in messages


def test_batch_of_refused_files_completes_without_a_worker(owner: User, tmp_path: Path) -> None:
    text, empty = tmp_path / "a.jpg", tmp_path / "b.jpg"
    text.write_text("not a picture")
    empty.touch()

    batch = send(owner, [text, empty])

    batch.refresh_from_db()
    assert (batch.status, batch.failed, batch.percent) == (BatchStatus.COMPLETED, 2, 100)


def test_killed_worker_of_the_real_pipeline_loses_nothing(
    owner: User, start_worker: StartWorker, tmp_path: Path
) -> None:
    batch = send(owner, make_jpegs(tmp_path / "photos", 40, (640, 480)))
    workers = start_worker(processes=1, threads=2)
    wait_until(lambda: batch.items.filter(status=ItemStatus.COMPLETED).count() >= 5, 40)

    workers.kill_one()
    wait_until(lambda: workers.main.poll() is not None, 20)
    start_worker(processes=1, threads=2, env={"VUEMANTICS_GRACE_SECONDS": "0"})

    wait_completed(batch)
    assert batch.successful == 40
    assert Upload.objects.filter(owner=owner, processed_at__isnull=False).count() == 40


def test_described_sample_has_previews_and_a_vector(owner: User, start_worker: StartWorker) -> None:
    batch = send(owner, [SAMPLES / "chelsea.jpg"])

    start_worker(processes=1, threads=1)

    wait_completed(batch)
    upload = Upload.objects.get()
    assert "cat" in upload.description.lower()
    assert set(upload.previews) == {"320", "1024"}
    assert len(upload.embeddings.get().vector) == 384


def test_reanalysis_replaces_results_and_keeps_pictures(owner: User, start_worker: StartWorker) -> None:
    batch = send(owner, [SAMPLES / name for name in ("chelsea.jpg", "coffee.jpg", "rocket.jpg")])
    start_worker(processes=1, threads=2)
    wait_completed(batch)
    first = dict(Upload.objects.values_list("id", "processed_at"))
    descriptions = dict(Upload.objects.values_list("id", "description"))
    Upload.objects.update(description="Old description.", labels=[])
    gaps: list[int] = []

    again = UploadBatch.objects.get(id=services.reanalyse_batch(services.owner_scope(owner), batch.id))

    def is_done() -> bool:
        shown = Upload.objects.filter(id__in=first, processed_at__isnull=False).exclude(previews={})
        gaps.append(3 - shown.exclude(description="").filter(embeddings__isnull=False).count())
        return UploadBatch.objects.get(id=again.id).status == BatchStatus.COMPLETED

    wait_until(is_done, 60)
    assert_counters_match(again)
    assert (again.successful, again.total) == (3, 3)
    assert set(gaps) == {0}
    assert dict(Upload.objects.values_list("id", "description")) == descriptions
    assert not set(first.items()) & set(Upload.objects.values_list("id", "processed_at"))
    assert Embedding.objects.count() == 3
