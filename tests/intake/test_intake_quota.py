"""How much one owner may store: the same for every door."""

from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from batches.engine.abandon import wait_no_more
from batches.engine.errors import Refused
from batches.intake import quota
from batches.intake.receive import FileName, receive_file
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.people import make_person
from tests.pictures import encoded, textured
from tests.rows import assert_counters_true
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = [encoded(textured(320, 240, seed), "JPEG") for seed in range(3)]
LARGEST = max(map(len, PICTURES))


@pytest.fixture(autouse=True)
def limit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two pictures and a half, and a process that has summed up nothing yet."""
    settings.OWNER_BYTES = LARGEST * 5 // 2
    monkeypatch.setattr(quota, "sums", quota.OwnerBytes())


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered."""
    monkeypatch.setattr(quota, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(quota, "RECHECK_SECONDS", 0.0)


def test_quota_counts_what_is_stored_and_what_is_on_its_way(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    tus.create_with(batch.id, "a.jpg", len(PICTURES[0]), PICTURES[0])
    tus.create_with(batch.id, "b.jpg", LARGEST, PICTURES[1][:10])

    assert quota.count_bytes(ada.id) == len(PICTURES[0]) + LARGEST


def test_creation_over_the_quota_is_refused_in_words_without_a_row(tus: TusClient, batch: UploadBatch) -> None:
    for name, data in zip("ab", PICTURES, strict=False):
        tus.create_with(batch.id, f"{name}.jpg", len(data), data)

    answer = tus.create_with(batch.id, "c.jpg", LARGEST, PICTURES[2])

    assert (answer.status, answer.text.partition(":")[0]) == (413, "quota.exceeded")
    assert "KB of the" in answer.text.replace("\xa0", " ")
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
    wait_no_more(batch.id)
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
    bob = make_person("bob")
    his = UploadBatch.objects.create(owner=bob, name="His")

    assert TusClient(bob).create_with(his.id, "c.jpg", len(PICTURES[2]), PICTURES[2]).status == 201


def test_quota_is_summed_up_seldom(
    batch: UploadBatch, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OWNER_BYTES = 10 * LARGEST
    with django_assert_num_queries(2):
        for _ in range(5):
            assert quota.over_quota(batch.owner_id, LARGEST) is None
    quota.note_admitted(batch.owner_id, 10 * LARGEST)

    assert quota.sums.used(batch.owner_id) == 10 * LARGEST


def test_room_made_is_seen_after_a_moment(
    batch: UploadBatch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota.over_quota(batch.owner_id, 1)
    quota.note_admitted(batch.owner_id, 10 * LARGEST)  # which is deleted in the meantime
    first = quota.over_quota(batch.owner_id, 1)
    monkeypatch.setattr(quota, "RECHECK_SECONDS", 0.0)

    assert first is not None
    assert quota.over_quota(batch.owner_id, 1) is None


def test_quota_costs_nothing_when_there_is_none(
    batch: UploadBatch, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OWNER_BYTES = 0

    with django_assert_num_queries(0):
        assert quota.over_quota(batch.owner_id, 10**15) is None


def test_form_says_what_was_over_the_quota(ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    files = [SimpleUploadedFile(f"{number}.jpg", data) for number, data in enumerate(PICTURES)]

    page = browser.post("/batches/new/", {"files": files}, follow=True).content.decode()

    assert "that you may store" in page
    assert Upload.objects.count() == 2
    assert_counters_true(UploadBatch.objects.get())


def test_ingest_stops_at_the_quota(ada: User, tmp_path: Path) -> None:
    folder = tmp_path / "roll"
    folder.mkdir()
    for number, data in enumerate(PICTURES):
        (folder / f"{number}.jpg").write_bytes(data)
    errors = StringIO()

    with pytest.raises(SystemExit):
        call_command("ingest", folder, owner="ada", stdout=StringIO(), stderr=errors)

    assert "that you may store" in errors.getvalue()
    assert Upload.objects.count() == 2


def test_receive_file_raises_over_the_quota(batch: UploadBatch) -> None:
    with pytest.raises(Refused, match="you may store"):
        receive_file(batch, FileName("big.jpg", 10 * LARGEST), BytesIO(PICTURES[0]))
