"""Any interleaving of commands, claims, crashes and late finishes keeps the counters exact.

No item is finished twice, unless it is retried in between.
"""

import uuid
from contextlib import suppress

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
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
    complete_batch,
    finish_item,
    incoming,
    lifecycle,
    pause,
    recovery,
    release,
    retry,
)
from batches.engine.announce import announce_items, ignore_items
from batches.engine.expiry import finish_without_missing
from batches.engine.in_flight import Claim
from batches.engine.refusals import BatchClosed
from batches.models import BatchItem
from batches.models.states import FINISHED_ITEMS, BatchStatus, ItemResult, ItemStatus, item_sources
from tests.support.batches import assert_counters_match, digest, make_batch, make_upload
from tests.support.legal_edges import only_legal_edges

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600), pytest.mark.slow]
DEAD_WORKER = 4711


class Engine(RuleBasedStateMachine):
    """One batch, the files that it receives, its owner's commands, and claims by a dead worker."""

    items = Bundle("items")
    claims = Bundle("claims")

    @initialize()
    def open(self) -> None:
        self.owner = User.objects.create(username=uuid.uuid4().hex)
        self.batch = lifecycle.open_batch(self.owner.id, "Any order")
        self.ends: dict[int, int] = {}
        self.number = 0
        for number in range(3):
            file = incoming.NewFile("a.jpg", "a.jpg", digest("first", number), 1)
            incoming.queue_item(incoming.register_item(self.batch.id, file)[0].id, make_upload(self.owner, -number).id)

    @rule(target=items)
    def register(self) -> int | MultipleResults[int]:
        self.number += 1
        file = incoming.NewFile("a.jpg", "a.jpg", digest(self.number), 1)
        try:
            return incoming.register_item(self.batch.id, file)[0].id
        except BatchClosed:
            assert self.status() == BatchStatus.CANCELLED
            return multiple()

    @rule(target=items)
    def register_announced(self) -> int | MultipleResults[int]:
        self.number += 1
        file = incoming.NewFile("a.jpg", "a.jpg", digest(self.number), 1)
        try:
            announce_items(self.batch.id, [file], lambda ids, total: None)
            return incoming.register_item(self.batch.id, file)[0].id
        except BatchClosed:
            assert self.status() == BatchStatus.CANCELLED
            return multiple()

    @rule()
    def ignore(self) -> None:
        self.number += 1
        file = incoming.NewFile("Thumbs.db", "a/Thumbs.db", digest(self.number), 1)
        try:
            ignore_items(self.batch.id, [file, file], ["ignored.junk", "ignored.junk"])
        except BatchClosed:
            assert self.status() == BatchStatus.CANCELLED
        else:
            self.end(BatchItem.objects.latest("id").id, ended=True)

    @rule(item=items)
    def complete_known(self, item: int) -> None:
        self.number += 1
        self.end(item, incoming.complete_duplicate(item, make_upload(self.owner, self.number).id))

    @rule()
    def abandon(self) -> None:
        finish_without_missing(self.batch.id)

    @rule(item=items)
    def send_again(self, item: int) -> None:
        with suppress(BatchClosed):
            incoming.reopen_item(BatchItem.objects.get(id=item))

    @rule(item=items)
    def receive(self, item: int) -> None:
        self.number += 1
        incoming.queue_item(item, make_upload(self.owner, self.number).id)

    @rule(item=items)
    def refuse(self, item: int) -> None:
        self.end(item, incoming.reject_item(item, "file.unsupported", "It is a text."))

    @rule(item=items)
    def ignore_received(self, item: int) -> None:
        self.end(item, incoming.ignore_item(item, "ignored.export", ""))

    @rule(target=claims)
    def claim_item(self) -> Claim | MultipleResults[Claim]:
        first = claim.claim_item(self.batch.id, DEAD_WORKER)
        return first or claim.claim_item(self.batch.id, DEAD_WORKER, quarantined=True) or multiple()

    @rule(claimed=claims, result=st.sampled_from(ItemResult))
    def complete_claim(self, claimed: Claim, result: ItemResult) -> None:
        self.end(claimed.item_id, finish_item.complete_item(claimed, result=result))

    @rule(claimed=claims)
    def fail_claim(self, claimed: Claim) -> None:
        self.end(claimed.item_id, finish_item.fail_item(claimed, "x", "It failed."))

    @rule(claimed=claims)
    def release_claim(self, claimed: Claim) -> None:
        release.release_claims([claimed])

    @rule()
    def recover(self) -> None:
        for item in BatchItem.objects.filter(batch=self.batch, status=ItemStatus.PROCESSING, crash_count=2):
            self.ends[item.id] = self.ends.get(item.id, 0) + 1
        recovery.recover_items()

    @rule()
    def retry(self) -> None:
        failed = BatchItem.objects.filter(batch=self.batch, status=ItemStatus.FAILED, upload__isnull=False)
        ids = list(failed.values_list("id", flat=True))
        try:
            retry.retry_failed(self.batch.id)
        except BatchClosed:
            return
        for item_id in ids:
            self.ends[item_id] -= 1

    @rule()
    def pause(self) -> None:
        pause.pause_batch(self.batch.id)

    @rule()
    def resume(self) -> None:
        pause.resume_batch(self.batch.id)

    @rule()
    def seal(self) -> None:
        lifecycle.seal_batch(self.batch.id)

    @rule()
    def complete(self) -> None:
        complete_batch.complete_batches(self.batch.id)

    @rule(sure=st.integers(0, 5))
    def cancel(self, sure: int) -> None:
        live = list(BatchItem.objects.filter(batch=self.batch, status__in=item_sources(ItemStatus.CANCELLED)))
        if not sure and cancel.cancel_batch(self.batch.id):
            for item in live:
                self.end(item.id, ended=True)

    @invariant()
    def counters_equal_rows(self) -> None:
        if hasattr(self, "batch"):
            assert_counters_match(self.batch)

    @invariant()
    def every_file_finished_at_most_once(self) -> None:
        if hasattr(self, "batch"):
            finished = BatchItem.objects.filter(batch=self.batch, status__in=FINISHED_ITEMS)
            assert dict.fromkeys(finished.values_list("id", flat=True), 1) == {k: v for k, v in self.ends.items() if v}

    def status(self) -> str:
        self.batch.refresh_from_db()
        return self.batch.status

    def end(self, item_id: int, ended: bool) -> None:
        self.ends[item_id] = self.ends.get(item_id, 0) + ended


def test_any_interleaving_keeps_counters_exact(transactional_db: None, settings: Settings) -> None:
    settings.GRACE_SECONDS = 0

    with only_legal_edges():
        run_state_machine_as_test(Engine, settings=LIMITS)


def test_illegal_edge_is_refused_by_the_trigger(owner: User) -> None:
    items = BatchItem.objects.filter(batch=make_batch(owner, 1))
    items.update(status=ItemStatus.CANCELLED, queue_position=None, finished_at=timezone.now())

    with only_legal_edges(), pytest.raises(DatabaseError, match="illegal edge from cancelled to receiving"):
        items.update(status=ItemStatus.RECEIVING)


LIMITS = settings(
    max_examples=10,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
