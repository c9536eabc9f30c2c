"""How much one owner may store: the same for every door."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries, Settings

from batches import services
from batches.engine import lifecycle
from batches.engine.expiry import finish_without_missing
from batches.engine.refusals import Refused
from batches.intake import quota
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from tests.support.users import make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = [encoded(textured(320, 240, seed), "JPEG") for seed in range(3)]
LARGEST = max(map(len, PICTURES))


@pytest.fixture(autouse=True)
def limit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two pictures and a half, and a process that has summed up nothing yet."""
    settings.OWNER_BYTES = LARGEST * 5 // 2
    monkeypatch.setattr(quota, "usage", quota.OwnerUsage())


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered."""
    monkeypatch.setattr(quota, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(quota, "RECHECK_SECONDS", 0.0)


def take_room(owner_id: int, size: int) -> None:
    with quota.usage.reserve(owner_id, size) as room:
        room.confirmed = True


def test_quota_counts_what_is_stored_and_what_is_on_its_way(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    tus.create_with(batch.id, "a.jpg", len(PICTURES[0]), PICTURES[0])
    tus.create_with(batch.id, "b.jpg", LARGEST, PICTURES[1][:10])

    assert quota.count_bytes(ada.id) == len(PICTURES[0]) + LARGEST


def test_creation_over_the_quota_is_refused_in_words_without_a_row(tus: TusClient, batch: UploadBatch) -> None:
    for name, data in zip("ab", PICTURES, strict=False):
        tus.create_with(batch.id, f"{name}.jpg", len(data), data)

    answer = tus.create_with(batch.id, "c.jpg", LARGEST, PICTURES[2])

    assert (answer.status, answer.text.partition(":")[0]) == (413, "quota.exceeded")
    assert "KB of your" in answer.text.replace("\xa0", " ")
    assert Upload.objects.count() == 2
    assert_counters_true(batch)
    assert batch.total == 2


def test_file_that_was_admitted_goes_on_over_the_quota(
    tus: TusClient, batch: UploadBatch, settings: Settings, at_once: None
) -> None:
    location = tus.create_with(batch.id, "a.jpg", len(PICTURES[0]), PICTURES[0][:10]).headers["location"]
    settings.OWNER_BYTES = 1

    again = tus.create(batch.id, "a.jpg", len(PICTURES[0]))

    assert (again.status, again.offset) == (201, 10)
    assert tus.patch(location, 10, PICTURES[0][10:]).status == 204


def test_file_given_up_comes_again_only_within_the_quota(
    tus: TusClient, batch: UploadBatch, settings: Settings, at_once: None
) -> None:
    location = tus.create_with(batch.id, "a.jpg", len(PICTURES[0]), PICTURES[0][:10]).headers["location"]
    finish_without_missing(batch.id)
    settings.OWNER_BYTES = 1

    answers = [tus.create(batch.id, "a.jpg", len(PICTURES[0])), tus.patch(location, 10, PICTURES[0][10:])]

    assert [answer.text.partition(":")[0] for answer in answers] == ["quota.exceeded"] * 2
    assert batch.items.get().status == "failed"
    settings.OWNER_BYTES = LARGEST
    assert tus.patch(location, 10, PICTURES[0][10:]).status == 204
    assert_counters_true(batch)


def test_quota_is_each_owners_own(tus: TusClient, batch: UploadBatch) -> None:
    for name, data in zip("ab", PICTURES, strict=False):
        tus.create_with(batch.id, f"{name}.jpg", len(data), data)
    bob = make_user("bob")
    his = UploadBatch.objects.create(owner=bob, name="His")

    assert TusClient(bob).create_with(his.id, "c.jpg", len(PICTURES[2]), PICTURES[2]).status == 201


def test_quota_is_summed_up_seldom(
    batch: UploadBatch, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OWNER_BYTES = 10 * LARGEST
    with django_assert_num_queries(3):
        for _ in range(5):
            take_room(batch.owner_id, LARGEST)

    assert quota.usage.used(batch.owner_id) == 5 * LARGEST


def test_room_made_is_seen_after_a_moment(batch: UploadBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    take_room(batch.owner_id, 2 * LARGEST)  # which is deleted in the meantime
    with pytest.raises(Refused):
        take_room(batch.owner_id, LARGEST)
    monkeypatch.setattr(quota, "RECHECK_SECONDS", 0.0)

    take_room(batch.owner_id, LARGEST)


def test_quota_costs_nothing_when_there_is_none(
    batch: UploadBatch, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OWNER_BYTES = 0

    with django_assert_num_queries(0):
        take_room(batch.owner_id, 10**15)


def test_room_of_a_file_that_is_not_taken_is_given_back(batch: UploadBatch) -> None:
    with pytest.raises(ZeroDivisionError), quota.usage.reserve(batch.owner_id, 2 * LARGEST):
        raise ZeroDivisionError

    assert quota.usage.used(batch.owner_id) == 0


def test_file_that_is_too_large_takes_no_room(tus: TusClient, batch: UploadBatch, settings: Settings) -> None:
    settings.MAX_FILE_BYTES = LARGEST

    assert tus.create(batch.id, "vast.jpg", 10**15).status == 413

    assert tus.create(batch.id, "a.jpg", LARGEST).status == 201


def test_of_files_that_come_at_once_only_as_many_are_taken_as_have_room(tus: TusClient, batch: UploadBatch) -> None:
    def create(number: int) -> int:
        return tus.create(batch.id, f"{number}.jpg", LARGEST * 2).status

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(8)))

    assert sorted(answers) == [201] + [413] * 7
    assert batch.items.count() == 1


def test_part_of_a_file_given_up_counts(tus: TusClient, batch: UploadBatch, ada: User, at_once: None) -> None:
    location = tus.create_with(batch.id, "a.jpg", 2 * LARGEST, PICTURES[0][:10]).headers["location"]
    tus.create(batch.id, "never begun.jpg", 1)
    finish_without_missing(batch.id)
    other = lifecycle.open_batch(ada.id, "Other")

    answer = tus.create(other.id, "b.jpg", LARGEST)

    assert quota.count_bytes(ada.id) == 2 * LARGEST
    assert (answer.status, answer.text.partition(":")[0]) == (413, "quota.exceeded")
    assert tus.patch(location, 10, PICTURES[0][10:20]).status == 204  # its room is its own


def test_cancelled_batch_leaves_no_parts(tus: TusClient, batch: UploadBatch, ada: User, parts: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        tus.create_with(batch.id, name, LARGEST, PICTURES[0][:10])

    services.cancel_batch(services.owner_scope(ada), batch.id)

    assert not list(parts.iterdir())
