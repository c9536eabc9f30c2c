"""Copies of pictures that arrive while those are deleted: items, uploads, batches are locked in this order by all."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from batches.engine import arrive, claim, unlink
from batches.engine.errors import Refused
from batches.states import ItemStatus
from tests.delete.test_delete_races import blocked, remove_pictures
from tests.rows import assert_counters_true, digest, make_upload
from tests.waiting import wait_until
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


def test_deletion_and_arriving_copy_never_wait_for_each_other(owner: User) -> None:
    batch = arrive.open_batch(owner.id, "Garden")
    upload = make_upload(owner, 1)
    first, copy = (
        arrive.add_item(batch.id, arrive.NewFile(name, name, digest(name), 5))[0] for name in ("a.jpg", "b.jpg")
    )
    assert arrive.item_arrived(first.id, upload.id)
    assert claim.claim_item(batch.id, 4711)  # so that its deletion counts a failure in the batch

    def delete_it() -> int:
        try:
            return unlink.delete_pictures([upload.id])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert arrive.item_arrived(copy.id, upload.id)
            deletion_: Future[int] = pool.submit(delete_it)
            wait_until(blocked)
        assert deletion_.result(20) == 1

    assert_counters_true(batch)
    assert set(batch.items.values_list("upload", flat=True)) == {None}


def test_copy_of_a_picture_that_is_gone_is_refused_by_the_database(owner: User) -> None:
    batch = arrive.open_batch(owner.id, "Garden")
    upload = make_upload(owner, 1)
    item, _ = arrive.add_item(batch.id, arrive.NewFile("a.jpg", "a.jpg", digest("a"), 5))
    unlink.delete_pictures([upload.id])

    for end in (arrive.item_arrived, arrive.item_known):
        with pytest.raises(IntegrityError):
            end(item.id, upload.id)

    item.refresh_from_db()
    assert item.status == ItemStatus.RECEIVING


def test_copies_that_arrive_while_their_pictures_are_deleted_never_lock_one_another(owner: User) -> None:
    batch = arrive.open_batch(owner.id, "Garden")
    pictures = [make_upload(owner, number).id for number in range(20)]
    names = [f"{number}.jpg" for number in range(120)]
    items = [arrive.add_item(batch.id, arrive.NewFile(name, name, digest(name), 5))[0].id for name in names]

    def arrive_all(which: int) -> None:
        try:
            for place in range(which, len(items), 3):
                with suppress(IntegrityError):
                    (arrive.item_known if place % 2 else arrive.item_arrived)(items[place], pictures[place % 20])
                claim.claim_item(batch.id, 4711)
        finally:
            connection.close()

    def remove_all() -> None:
        """Try again as a person would who is told that more copies are just coming."""
        try:
            while Upload.objects.filter(id__in=pictures).exists():
                with suppress(Refused):
                    remove_pictures(pictures)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(arrive_all, which) for which in range(3)]
        done += [pool.submit(remove_all)]
        for each in done:
            each.result(60)

    assert not Upload.objects.filter(id__in=pictures).exists()
    assert_counters_true(batch)
