"""The quota limits how much one owner may store."""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from batches import services
from batches.engine import lifecycle
from batches.engine.expiry import finish_without_missing
from batches.engine.refusals import Refused
from batches.intake import quota
from batches.models import UploadBatch
from bench import rows
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.query_plans import indexes, truncate_tables
from tests.support.users import make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = [encoded(textured(320, 240, seed), "JPEG") for seed in range(3)]
LARGEST = max(map(len, PICTURES))


@pytest.fixture(autouse=True)
def limit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a quota of 2.5 times the size of the largest picture, and clear the usage cached by earlier tests."""
    settings.OWNER_BYTES = LARGEST * 5 // 2
    monkeypatch.setattr(quota, "usage", quota.OwnerUsage())


@pytest.fixture
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recompute the usage every time instead of caching it."""
    monkeypatch.setattr(quota, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(quota, "RECHECK_SECONDS", 0.0)


def reserve(owner_id: int, size: int) -> None:
    with quota.usage.reserve(owner_id, size) as reservation:
        reservation.confirmed = True


def test_usage_counts_stored_and_registered_files(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    tus.create_with(batch.id, "a.jpg", len(PICTURES[0]), PICTURES[0])
    tus.create_with(batch.id, "b.jpg", LARGEST, PICTURES[1][:10])

    assert quota.count_bytes(ada.id) == len(PICTURES[0]) + LARGEST


def test_creation_over_the_quota_is_refused_without_an_item(tus: TusClient, batch: UploadBatch) -> None:
    for name, data in zip("ab", PICTURES, strict=False):
        tus.create_with(batch.id, f"{name}.jpg", len(data), data)

    answer = tus.create_with(batch.id, "c.jpg", LARGEST, PICTURES[2])

    assert (answer.status, answer.text.partition(":")[0]) == (413, "quota.exceeded")
    assert "KB of your" in answer.text.replace("\xa0", " ")
    assert Upload.objects.count() == 2
    assert_counters_match(batch)
    assert batch.total == 2


def test_registered_file_continues_over_the_quota(
    tus: TusClient, batch: UploadBatch, settings: Settings, no_cache: None
) -> None:
    location = tus.create_with(batch.id, "a.jpg", len(PICTURES[0]), PICTURES[0][:10]).headers["location"]
    settings.OWNER_BYTES = 1

    again = tus.create(batch.id, "a.jpg", len(PICTURES[0]))

    assert (again.status, again.offset) == (201, 10)
    assert tus.patch(location, 10, PICTURES[0][10:]).status == 204


def test_abandoned_file_resumes_only_within_the_quota(
    tus: TusClient, batch: UploadBatch, settings: Settings, no_cache: None
) -> None:
    location = tus.create_with(batch.id, "a.jpg", len(PICTURES[0]), PICTURES[0][:10]).headers["location"]
    finish_without_missing(batch.id)
    settings.OWNER_BYTES = 1

    answers = [tus.create(batch.id, "a.jpg", len(PICTURES[0])), tus.patch(location, 10, PICTURES[0][10:])]

    assert [answer.text.partition(":")[0] for answer in answers] == ["quota.exceeded"] * 2
    assert batch.items.get().status == "missing"
    settings.OWNER_BYTES = LARGEST
    assert tus.patch(location, 10, PICTURES[0][10:]).status == 204
    assert_counters_match(batch)


def test_quota_is_per_owner(tus: TusClient, batch: UploadBatch) -> None:
    for name, data in zip("ab", PICTURES, strict=False):
        tus.create_with(batch.id, f"{name}.jpg", len(data), data)
    bob = make_user("bob")
    his = UploadBatch.objects.create(owner=bob, name="His")

    assert TusClient(bob).create_with(his.id, "c.jpg", len(PICTURES[2]), PICTURES[2]).status == 201


def test_usage_is_computed_rarely(
    batch: UploadBatch, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OWNER_BYTES = 10 * LARGEST
    with django_assert_num_queries(5):
        for _ in range(5):
            reserve(batch.owner_id, LARGEST)

    assert quota.usage.used(batch.owner_id) == 5 * LARGEST


def test_freed_space_is_noticed_soon(batch: UploadBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FRESH_SECONDS", "RECHECK_SECONDS"):
        monkeypatch.setattr(quota, name, math.inf)
    reserve(batch.owner_id, 2 * LARGEST)  # counted, but not stored, as if the files had been deleted
    with pytest.raises(Refused):
        reserve(batch.owner_id, LARGEST)
    monkeypatch.setattr(quota, "RECHECK_SECONDS", 0.0)

    reserve(batch.owner_id, LARGEST)


def test_no_query_without_a_quota(
    batch: UploadBatch, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OWNER_BYTES = 0

    with django_assert_num_queries(0):
        reserve(batch.owner_id, 10**15)


def test_reservation_of_a_refused_file_is_released(batch: UploadBatch) -> None:
    with pytest.raises(ZeroDivisionError), quota.usage.reserve(batch.owner_id, 2 * LARGEST):
        raise ZeroDivisionError

    assert quota.usage.used(batch.owner_id) == 0


def test_file_that_is_too_large_reserves_nothing(tus: TusClient, batch: UploadBatch, settings: Settings) -> None:
    settings.MAX_FILE_BYTES = LARGEST

    assert tus.create(batch.id, "vast.jpg", 10**15).status == 413

    assert tus.create(batch.id, "a.jpg", LARGEST).status == 201


def test_concurrent_files_are_accepted_only_up_to_the_quota(tus: TusClient, batch: UploadBatch) -> None:
    def create(number: int) -> int:
        return tus.create(batch.id, f"{number}.jpg", LARGEST * 2).status

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(8)))

    assert sorted(answers) == [201] + [413] * 7
    assert batch.items.count() == 1


def test_partial_file_of_an_abandoned_file_counts(
    tus: TusClient, batch: UploadBatch, ada: User, no_cache: None
) -> None:
    location = tus.create_with(batch.id, "a.jpg", 2 * LARGEST, PICTURES[0][:10]).headers["location"]
    tus.create(batch.id, "nothing sent.jpg", 1)
    finish_without_missing(batch.id)
    other = lifecycle.open_batch(ada.id, "Other")

    answer = tus.create(other.id, "b.jpg", LARGEST)

    assert quota.count_bytes(ada.id) == 2 * LARGEST
    assert (answer.status, answer.text.partition(":")[0]) == (413, "quota.exceeded")
    assert tus.patch(location, 10, PICTURES[0][10:20]).status == 204  # the quota already counts this file


def test_cancelled_batch_leaves_no_partial_files(
    tus: TusClient, batch: UploadBatch, ada: User, partial_root: Path
) -> None:
    for name in ("a.jpg", "b.jpg"):
        tus.create_with(batch.id, name, LARGEST, PICTURES[0][:10])

    services.cancel_batch(services.owner_scope(ada), batch.id)

    assert not list(partial_root.iterdir())


def test_stopped_uploads_are_found_by_partial_indexes(ada: User) -> None:
    truncate_tables()
    rows.fill(4_000, ada.get_username())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE batches_batchitem SET status = 'missing', queue_position = NULL")
        cursor.execute("UPDATE batches_batchitem SET finished_at = now() WHERE filename LIKE 'IMG_1__.JPG'")
        cursor.execute(
            "UPDATE batches_batchitem SET status = 'failed', error_code = 'file.unsupported', finished_at = now()"
            " WHERE filename LIKE 'IMG_2___.JPG'"
        )
    rows.vacuum()

    with CaptureQueriesContext(connection) as queries:
        assert len(list(quota.stopped_uploads(ada.id))) == 100

    missing, failed = (indexes(query["sql"].replace("%", "%%")) for query in queries.captured_queries)
    assert "item_abandoned" in missing
    assert failed & {"item_failed", "item_error_code"}
