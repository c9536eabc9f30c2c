"""Two batches that share pictures stay consistent under any sequence of operations.

Uploads, processing, crashes, retries and deletions are interleaved at random.
"""

import uuid

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from pytest_django.fixtures import Settings

from batches.engine import (
    cancel,
    claim,
    delete_batch,
    delete_pictures,
    finish_item,
    incoming,
    lifecycle,
    reanalyse,
    recovery,
    retry,
)
from batches.engine.announce import ignore_items
from batches.engine.in_flight import Claim
from batches.engine.refusals import BatchClosed, ReanalysisRunning
from batches.models import BatchItem, UploadBatch
from batches.models.states import LIVE_BATCHES, ItemResult
from tests.support.batches import assert_all_counters_match, digest, make_upload
from uploads.models import FileDeletion, Upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
DEAD_WORKER = 4711
PICTURES = 4
TWO = st.integers(0, 1)


class Library(RuleBasedStateMachine):
    """Two batches of one owner, which receive the same four pictures again and again. A deleted batch is replaced."""

    claims = Bundle("claims")

    @initialize()
    def begin(self) -> None:
        self.owner = User.objects.create(username=uuid.uuid4().hex)
        self.number = 0
        self.keys: set[uuid.UUID] = set()
        self.batches = [self.new_batch(), self.new_batch()]
        for picture in range(PICTURES):
            self.receive(picture % 2, picture)

    def new_batch(self) -> UploadBatch:
        return lifecycle.open_batch(self.owner.id, "Any order")

    @rule(which=TWO, picture=st.integers(0, PICTURES - 1))
    def receive_file(self, which: int, picture: int) -> None:
        self.receive(which, picture)

    def receive(self, which: int, picture: int) -> None:
        """Register a file, then queue it or complete it as a duplicate, as `batches/intake/duplicates.py` does."""
        self.number += 1
        file = incoming.NewFile("a.jpg", "a.jpg", digest(self.number), 1)
        try:
            item, _ = incoming.register_item(self.batches[which].id, file)
            upload = Upload.objects.filter(owner=self.owner, sha256=digest(self.owner.id, picture)).first()
            known = upload is not None and upload.processed_at is not None
            upload = upload or make_upload(self.owner, picture)
            self.keys.add(upload.key)
            (incoming.complete_duplicate if known else incoming.queue_item)(item.id, upload.id)
        except BatchClosed:
            assert self.batches[which].deleting_since is None

    @rule(which=TWO)
    def ignore_file(self, which: int) -> None:
        self.number += 1
        ignore_items(
            self.batches[which].id, [incoming.NewFile("a.db", "a.db", digest(self.number), 1)], ["ignored.junk"]
        )

    @rule(target=claims, which=TWO)
    def claim_item(self, which: int) -> Claim | MultipleResults[Claim]:
        return claim.claim_item(self.batches[which].id, DEAD_WORKER) or multiple()

    @rule(claimed=claims, succeeds=st.booleans(), result=st.sampled_from(ItemResult))
    def finish_claim(self, claimed: Claim, *, succeeds: bool, result: ItemResult) -> None:
        row = BatchItem.objects.filter(id=claimed.item_id).first()
        still_claimed = row is not None and row.claim == claimed.token
        picture = Upload.objects.filter(id=claimed.upload_id or 0)
        if succeeds:
            changed = finish_item.complete_item(
                claimed, lambda: self.save(claimed, picture.update(processed_at=timezone.now())), result
            )
        else:
            changed = finish_item.fail_item(claimed, "x", "It failed.")
        assert changed == still_claimed

    def save(self, claimed: Claim, rows: int) -> None:
        """Check that an item with a picture is completed only while the picture's row exists."""
        assert rows or claimed.upload_id is None

    @rule()
    def recover(self) -> None:
        recovery.recover_items()

    @rule(which=TWO)
    def retry(self, which: int) -> None:
        retry.retry_failed(self.batches[which].id)

    @rule(which=TWO)
    def seal(self, which: int) -> None:
        lifecycle.seal_batch(self.batches[which].id)

    @rule(which=TWO)
    def reanalyse_batch(self, which: int) -> None:
        try:
            reanalyse.reanalyse_batch(self.batches[which].id)
        except ReanalysisRunning:
            assert self.batches[which].reanalyses.filter(status__in=LIVE_BATCHES).exists()

    @rule(picture=st.integers(0, PICTURES - 1))
    def delete_picture(self, picture: int) -> None:
        uploads = Upload.objects.filter(owner=self.owner, sha256=digest(self.owner.id, picture))
        ids = list(uploads.values_list("id", flat=True))
        assert delete_pictures.delete_pictures(ids) == len(ids)

    @rule(which=TWO)
    def delete_batch(self, which: int) -> None:
        assert delete_batch.begin_deletion(self.batches[which].id)
        self.batches[which] = self.new_batch()

    @rule(skip=st.integers(0, 3), which=TWO)
    def cancel(self, skip: int, which: int) -> None:
        if not skip and cancel.cancel_batch(self.batches[which].id):
            assert delete_batch.begin_deletion(self.batches[which].id)
            self.batches[which] = self.new_batch()

    @rule()
    def clean_up_chunk(self) -> None:
        for batch_id in delete_batch.deleting_batches()[:1]:
            delete_batch.delete_chunk(batch_id)
            delete_batch.finish_deletion(batch_id)

    @invariant()
    def counters_equal_rows(self) -> None:
        if hasattr(self, "batches"):
            assert_all_counters_match(self.owner)

    @invariant()
    def every_key_has_a_picture_or_a_file_deletion(self) -> None:
        if hasattr(self, "batches"):
            pictures = set(Upload.objects.filter(owner=self.owner).values_list("key", flat=True))
            deleted = set(FileDeletion.objects.filter(key__in=self.keys).values_list("key", flat=True))
            assert pictures | deleted == self.keys
            assert not pictures & deleted
            assert not Upload.objects.filter(owner=self.owner, items=None).exists()

    def teardown(self) -> None:
        """Delete both batches and check that nothing is left of them."""
        if not hasattr(self, "batches"):
            return
        for batch in self.batches:
            delete_batch.begin_deletion(batch.id)
        while waiting := delete_batch.deleting_batches():
            for batch_id in waiting:
                delete_batch.delete_chunk(batch_id)
                delete_batch.finish_deletion(batch_id)
        assert not Upload.objects.filter(owner=self.owner).exists()
        assert not UploadBatch.all_objects.filter(owner=self.owner).exists()


def test_any_interleaving_of_deletions_keeps_counters_and_files_correct(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GRACE_SECONDS = 0
    monkeypatch.setattr(delete_batch, "CHUNK", 2)

    run_state_machine_as_test(Library, settings=LIMITS)


LIMITS = settings(
    max_examples=6,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
