"""Everything at once from many threads: files are sent, known, withdrawn, worked on, deleted, cancelled, swept, buried.

Whatever comes before what: no picture loses its bytes, no bytes are left behind, and the counters equal the rows.
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
from batches.engine import claim, finish, lifecycle
from batches.engine.in_flight import Claim
from batches.engine.refusals import BatchClosed, Refused
from batches.intake import partial_cleanup
from batches.intake.deduplication import HashedFile, register_known
from batches.intake.file_name import FileName
from batches.intake.partial_cleanup import PartialCleaner
from batches.intake.partial_file import PartialFileBusy
from batches.models import BatchItem, UploadBatch
from batches.worker.cleanup import clean_up
from tests.deletion.stored import make_deletions_due, stored_names
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import file_deletion, original_name, save_previews

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = [encoded(textured(64, 48, seed), "JPEG") for seed in range(4)]
THREADS = 8
SECONDS = 8
# What may come of a request among all the others: no mistake (500), and no two that wait for each other (503).
ANSWERS = {201, 204, 404, 409, 410, 422, 423}


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a moment without concurrent commands."""
    monkeypatch.setattr(file_deletion, "DELAY", timedelta(0))
    monkeypatch.setattr(partial_cleanup, "IDLE_SECONDS", -1.0)


class Crowd:
    """People, workers and cleaners over three batches of one owner; a batch that is gone is followed by a new one."""

    def __init__(self, owner: User) -> None:
        self.owner = owner
        self.tus = TusClient(owner)
        self.batches = [self.open() for _ in range(3)]
        self.end = time.monotonic() + SECONDS

    def open(self) -> int:
        return lifecycle.open_batch(self.owner.id, "Any").id

    def act(self, seed: int) -> None:
        """Do this and that, most of all send, until the time is over."""
        chance = random.Random(seed)
        acts: dict[Callable[[random.Random], object], int] = {
            self.send: 20, self.send_in_pieces: 10, self.ask: 10, self.work: 12, self.delete_pictures: 6,
            self.clean: 6, self.sweep: 4, self.withdraw: 2, self.seal: 2, self.delete_batch: 1, self.cancel: 1,
        }  # fmt: skip
        try:
            while time.monotonic() < self.end:
                chance.choices(list(acts), list(acts.values()))[0](chance)
        finally:
            connections.close_all()

    def file(self, chance: random.Random) -> tuple[int, str, bytes]:
        return chance.choice(self.batches), f"{chance.randrange(6)}.jpg", chance.choice(PICTURES)

    def send(self, chance: random.Random) -> None:
        batch_id, name, data = self.file(chance)
        assert self.tus.create_with(batch_id, name, len(data), data).status in ANSWERS

    def send_in_pieces(self, chance: random.Random) -> None:
        batch_id, name, data = self.file(chance)
        made = self.tus.create(batch_id, name, len(data))
        assert made.status in ANSWERS
        if made.status == 201:
            half = max(made.offset, len(data) // 2)
            for start, piece in ((made.offset, data[made.offset : half]), (half, data[half:])):
                assert self.tus.patch(made.headers["location"], start, piece).status in ANSWERS

    def ask(self, chance: random.Random) -> None:
        batch_id, name, data = self.file(chance)
        batch = UploadBatch.objects.filter(id=batch_id).first()
        file = HashedFile(FileName(name, len(data), "", "1000"), hashlib.sha256(data).hexdigest())
        with suppress(BatchClosed, PartialFileBusy):
            register_known(batch, [file]) if batch else None

    def withdraw(self, chance: random.Random) -> None:
        item = BatchItem.objects.filter(batch_id=chance.choice(self.batches)).order_by("?").first()
        if item:
            assert self.tus.request("DELETE", f"/tus/{item.id}").status in ANSWERS

    def work(self, chance: random.Random) -> None:
        taken = claim.claim_item(chance.choice(self.batches), 4711)
        if taken and taken.upload_key is None:
            finish.fail_item(taken, "item.gone", "gone")
        elif taken:
            finish.complete_item(taken, None if taken.already_processed else lambda: save(taken))

    def delete_pictures(self, chance: random.Random) -> None:
        ids = list(Upload.objects.values_list("id", flat=True))
        with suppress(Refused):
            services.delete_pictures(services.owner_scope(self.owner), chance.sample(ids, min(2, len(ids))))

    def delete_batch(self, chance: random.Random) -> None:
        slot = chance.randrange(3)
        with suppress(services.NotFound):
            services.delete_batch(services.owner_scope(self.owner), self.batches[slot])
        self.batches[slot] = self.open()

    def cancel(self, chance: random.Random) -> None:
        slot = chance.randrange(3)
        with suppress(services.NotFound, Refused):
            services.cancel_batch(services.owner_scope(self.owner), self.batches[slot])
        self.batches[slot] = self.open()

    def seal(self, chance: random.Random) -> None:
        lifecycle.seal_batch(chance.choice(self.batches))

    def clean(self, _chance: random.Random) -> None:
        clean_up()

    def sweep(self, _chance: random.Random) -> None:
        PartialCleaner().clean()


def save(taken: Claim) -> None:
    """What the pipeline would save."""
    assert taken.upload_key is not None
    assert taken.upload_id is not None
    previews = save_previews(taken.upload_key, {320: b"small", 1024: b"large"})
    Upload.objects.filter(id=taken.upload_id).update(previews=previews, processed_at=timezone.now())


def wanted_names() -> set[str]:
    uploads = list(Upload.objects.all())
    return {original_name(each.key) for each in uploads} | {name for each in uploads for name in each.previews.values()}


def test_concurrent_commands_lose_nothing_and_leave_nothing_behind(owner: User) -> None:
    crowd = Crowd(owner)
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(crowd.act, seed) for seed in range(THREADS)]:
            done.result()

    for _ in range(5):
        clean_up()
        make_deletions_due()
        PartialCleaner().clean()

    assert stored_names() == wanted_names()
    for batch in UploadBatch.objects.all():
        assert_counters_true(batch)
