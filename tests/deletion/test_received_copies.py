"""Receiving copies of pictures while they are deleted does not deadlock.

To prevent deadlocks, all transactions lock items first, then uploads, then batches.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from batches.engine import claim, delete_pictures, incoming, lifecycle
from batches.engine.refusals import Refused
from batches.models.states import ItemStatus
from tests.deletion.test_races import remove_pictures
from tests.support.batches import assert_counters_match, digest, make_upload
from tests.support.database import blocked
from tests.support.waiting import wait_until
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


def test_deletion_and_received_copy_do_not_deadlock(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Garden")
    upload = make_upload(owner, 1)
    first, copy = (
        incoming.register_item(batch.id, incoming.NewFile(name, name, digest(name), 5))[0]
        for name in ("a.jpg", "b.jpg")
    )
    assert incoming.queue_item(first.id, upload.id)
    assert claim.claim_item(batch.id, 4711)  # so that deleting the picture makes the item fail

    def delete_picture() -> int:
        try:
            return delete_pictures.delete_pictures([upload.id])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert incoming.queue_item(copy.id, upload.id)
            deletion_: Future[int] = pool.submit(delete_picture)
            wait_until(blocked)
        assert deletion_.result(60) == 1

    assert_counters_match(batch)
    assert set(batch.items.values_list("upload", flat=True)) == {None}


def test_copy_of_a_deleted_picture_is_refused_by_the_database(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Garden")
    upload = make_upload(owner, 1)
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", digest("a"), 5))
    delete_pictures.delete_pictures([upload.id])

    for finalize in (incoming.queue_item, incoming.complete_duplicate):
        with pytest.raises(IntegrityError):
            finalize(item.id, upload.id)

    item.refresh_from_db()
    assert item.status == ItemStatus.RECEIVING


def test_copies_received_during_deletions_do_not_deadlock(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Garden")
    pictures = [make_upload(owner, number).id for number in range(20)]
    names = [f"{number}.jpg" for number in range(120)]
    items = [incoming.register_item(batch.id, incoming.NewFile(name, name, digest(name), 5))[0].id for name in names]

    def receive_all(which: int) -> None:
        try:
            for place in range(which, len(items), 3):
                with suppress(IntegrityError):
                    (incoming.complete_duplicate if place % 2 else incoming.queue_item)(
                        items[place], pictures[place % 20]
                    )
                claim.claim_item(batch.id, 4711)
        finally:
            connection.close()

    def delete_all() -> None:
        """Delete the pictures; retry as long as a received copy prevents it."""
        try:
            while Upload.objects.filter(id__in=pictures).exists():
                with suppress(Refused):
                    remove_pictures(pictures)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(receive_all, which) for which in range(3)]
        done += [pool.submit(delete_all)]
        for each in done:
            each.result(60)

    assert not Upload.objects.filter(id__in=pictures).exists()
    assert_counters_match(batch)
