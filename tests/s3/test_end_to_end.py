"""Files in a bucket are processed, served and deleted, and none of them fails during a storage outage."""

import urllib.request
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.engine import claim, lifecycle
from batches.engine.circuit_breaker import breaker
from batches.engine.runner import run_job
from batches.live.batch_snapshot import read_snapshot
from batches.models.states import ItemStatus
from bench.images import make_jpegs
from tests.conftest import StartWorker
from tests.support.batches import assert_counters_match
from tests.support.bucket_server import Bucket
from tests.support.local_files import receive_path
from tests.support.waiting import wait_until
from tests.test_end_to_end import SAMPLES, send, wait_completed
from uploads.models import Upload
from uploads.preview_urls import preview_url
from uploads.storage import delete_files

pytestmark = pytest.mark.django_db(transaction=True)


def test_picture_in_a_bucket_is_processed_served_and_deleted(
    bucket: Bucket, owner: User, start_worker: StartWorker
) -> None:
    batch = send(owner, [SAMPLES / "chelsea.jpg"])
    start_worker(processes=1, threads=1, env=bucket.environment())
    wait_completed(batch)
    upload = Upload.objects.get()
    client = Client()
    client.force_login(owner)

    response = client.get(preview_url(upload, 320))
    with urllib.request.urlopen(response.headers["Location"]) as answer:
        preview = answer.read()
    delete_files(upload.key, upload.previews)

    assert (batch.successful, batch.failed) == (1, 0)
    assert "cat" in upload.description.lower()
    assert preview.startswith(b"\xff\xd8")
    assert bucket.names() == set()


def test_storage_outage_fails_no_file_and_work_resumes(
    bucket: Bucket, owner: User, start_worker: StartWorker, tmp_path: Path
) -> None:
    batch = send(owner, make_jpegs(tmp_path / "photos", 30, (640, 480)))
    start_worker(processes=1, threads=2, env=bucket.environment())
    wait_until(lambda: batch.items.filter(status=ItemStatus.COMPLETED).count() >= 3, 40)

    bucket.server.stop()

    def waiting_for() -> str:
        snapshot = read_snapshot(batch.id)
        return snapshot.stall.text if snapshot and snapshot.stall else ""

    wait_until(lambda: waiting_for() != "", 30)
    assert waiting_for().startswith("Waiting for the storage: ")
    assert batch.items.filter(status=ItemStatus.COMPLETED).count() < 30
    bucket.server.start()
    wait_completed(batch)
    assert (batch.successful, batch.failed) == (30, 0)


def test_missing_object_fails_only_its_item(bucket: Bucket, owner: User) -> None:
    batch = send(owner, [SAMPLES / "coffee.jpg", SAMPLES / "rocket.jpg"])
    missing = Upload.objects.get(filename="coffee.jpg")
    delete_files(missing.key, {})

    while (job := claim.claim_item(batch.id, 4711)) is not None:
        run_job(job)

    assert_counters_match(batch)
    assert dict(batch.items.values_list("filename", "error_code")) == {"coffee.jpg": "file.missing", "rocket.jpg": ""}
    assert breaker.open_cause() == ("", "")


def test_local_files_are_stored_in_the_bucket(bucket: Bucket, owner: User, tmp_path: Path) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")

    outcomes = [receive_path(batch, path, path.name).state for path in make_jpegs(tmp_path / "photos", 3, (64, 64))]

    assert outcomes == ["queued"] * 3
    assert len(bucket.names()) == 3
    assert not list((tmp_path / "partial").iterdir())
