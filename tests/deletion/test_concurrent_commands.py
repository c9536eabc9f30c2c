"""Many threads send, withdraw, process, cancel and delete the same files concurrently.

Whatever the order, no picture loses its bytes, no bytes are left behind, and the counters match the rows.
"""

import hashlib
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from batches import services
from batches.engine import claim, finish_item, lifecycle
from batches.engine.in_flight import Claim
from batches.engine.refusals import BatchClosed, Refused
from batches.intake import partial_cleanup
from batches.intake.file_name import FileName
from batches.intake.partial_cleanup import PartialCleaner
from batches.intake.partial_file import PartialFileBusy
from batches.intake.preflight import HashedFile, register_unsent
from batches.models import BatchItem, UploadBatch
from batches.worker.cleanup import clean_up
from tests.deletion.stored_files import make_deletions_due, stored_names
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import file_deletion, original_name, save_previews

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
PICTURES = [encoded(textured(64, 48, seed), "JPEG") for seed in range(4)]
THREADS = 8
SECONDS = 8
# Responses must be neither 500 (a bug) nor 503 (a deadlock).
EXPECTED_STATUSES = {201, 204, 404, 409, 410, 422, 423}


@pytest.fixture(autouse=True)
def no_quiet_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cleanup remove files of deleted pictures and idle partial files without waiting."""
    monkeypatch.setattr(file_deletion, "DELAY", timedelta(0))
    monkeypatch.setattr(partial_cleanup, "IDLE_SECONDS", -1.0)


class ConcurrentCommands:
    """Random commands on three batches of one owner. A deleted or cancelled batch is replaced by a new batch."""

    def __init__(self, owner: User) -> None:
        self.owner = owner
        self.tus = TusClient(owner)
        self.batches = [self.open() for _ in range(3)]
        self.end = time.monotonic() + SECONDS

    def open(self) -> int:
        return lifecycle.open_batch(self.owner.id, "Any").id

    def run(self, seed: int) -> None:
        """Run random commands until the time is up."""
        rng = random.Random(seed)
        weights: dict[Callable[[random.Random], object], int] = {
            self.send: 20, self.send_in_pieces: 10, self.preflight: 10, self.work: 12, self.delete_pictures: 6,
            self.clean: 6, self.clean_partial_files: 4, self.withdraw: 2, self.seal: 2, self.delete_batch: 1,
            self.cancel: 1,
        }  # fmt: skip
        try:
            while time.monotonic() < self.end:
                rng.choices(list(weights), list(weights.values()))[0](rng)
        finally:
            connections.close_all()

    def file(self, rng: random.Random) -> tuple[int, str, bytes]:
        return rng.choice(self.batches), f"{rng.randrange(6)}.jpg", rng.choice(PICTURES)

    def send(self, rng: random.Random) -> None:
        batch_id, name, data = self.file(rng)
        assert self.tus.create_with(batch_id, name, len(data), data).status in EXPECTED_STATUSES

    def send_in_pieces(self, rng: random.Random) -> None:
        batch_id, name, data = self.file(rng)
        made = self.tus.create(batch_id, name, len(data))
        assert made.status in EXPECTED_STATUSES
        if made.status == 201:
            half = max(made.offset, len(data) // 2)
            for start, piece in ((made.offset, data[made.offset : half]), (half, data[half:])):
                assert self.tus.patch(made.headers["location"], start, piece).status in EXPECTED_STATUSES

    def preflight(self, rng: random.Random) -> None:
        batch_id, name, data = self.file(rng)
        batch = UploadBatch.objects.filter(id=batch_id).first()
        file = HashedFile(FileName(name, len(data), "", "1000"), hashlib.sha256(data).hexdigest())
        with suppress(BatchClosed, PartialFileBusy):
            register_unsent(batch, [file]) if batch else None

    def withdraw(self, rng: random.Random) -> None:
        item = BatchItem.objects.filter(batch_id=rng.choice(self.batches)).order_by("?").first()
        if item:
            assert self.tus.request("DELETE", f"/tus/{item.id}").status in EXPECTED_STATUSES

    def work(self, rng: random.Random) -> None:
        claimed = claim.claim_item(rng.choice(self.batches), 4711)
        if claimed and claimed.upload_key is None:
            finish_item.fail_item(claimed, "item.gone", "gone")
        elif claimed:
            finish_item.complete_item(claimed, None if claimed.already_processed else lambda: save(claimed))

    def delete_pictures(self, rng: random.Random) -> None:
        ids = list(Upload.objects.values_list("id", flat=True))
        with suppress(Refused):
            services.delete_pictures(services.owner_scope(self.owner), rng.sample(ids, min(2, len(ids))))

    def delete_batch(self, rng: random.Random) -> None:
        slot = rng.randrange(3)
        with suppress(services.NotFound):
            services.delete_batch(services.owner_scope(self.owner), self.batches[slot])
        self.batches[slot] = self.open()

    def cancel(self, rng: random.Random) -> None:
        slot = rng.randrange(3)
        with suppress(services.NotFound, Refused):
            services.cancel_batch(services.owner_scope(self.owner), self.batches[slot])
        self.batches[slot] = self.open()

    def seal(self, rng: random.Random) -> None:
        lifecycle.seal_batch(rng.choice(self.batches))

    def clean(self, _rng: random.Random) -> None:
        clean_up()

    def clean_partial_files(self, _rng: random.Random) -> None:
        PartialCleaner().clean()


def save(claimed: Claim) -> None:
    """Save previews, as the pipeline does."""
    assert claimed.upload_key is not None
    assert claimed.upload_id is not None
    previews = save_previews(claimed.upload_key, {320: b"small", 1024: b"large"})
    Upload.objects.filter(id=claimed.upload_id).update(previews=previews, processed_at=timezone.now())


def expected_names() -> set[str]:
    uploads = list(Upload.objects.all())
    return {original_name(upload.key) for upload in uploads} | {
        name for upload in uploads for name in upload.previews.values()
    }


def test_concurrent_commands_lose_nothing_and_leave_nothing_behind(owner: User) -> None:
    commands = ConcurrentCommands(owner)
    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(commands.run, seed) for seed in range(THREADS)]:
            future.result()

    for _ in range(5):
        clean_up()
        make_deletions_due()
        PartialCleaner().clean()

    assert stored_names() == expected_names()
    for batch in UploadBatch.objects.all():
        assert_counters_match(batch)
