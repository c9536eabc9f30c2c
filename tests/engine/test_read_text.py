"""A background batch reads the text in an owner's new pictures once no other batch of the owner is running."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont
from pytest_django import DjangoAssertNumQueries, Settings

from batches.engine import cancel, lifecycle, read_text, reanalyse
from batches.engine.claim import claim_item
from batches.engine.finish_item import complete_item, fail_item
from batches.engine.in_flight import Claim
from batches.engine.recovery import recover_items
from batches.engine.runner import run_job
from batches.intake.owner_limits import count_unfinished
from batches.live.owner_summary import read_owner_summary
from batches.models import UploadBatch, Worker
from batches.models.states import BatchKind, BatchStatus, ItemStatus
from batches.worker.text_reading import start_reading
from tests.support.batches import assert_counters_match, make_batch, make_upload, next_batch_id
from tests.support.html import compact
from tests.support.users import make_user
from tests.test_end_to_end import send
from uploads.analysis import text_vector
from uploads.models import Embedding, MediaKind, Upload
from uploads.search.language import parse_query
from uploads.search.results import search
from uploads.upload_sql import save_text

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711


@pytest.fixture
def pictures(owner: User) -> list[Upload]:
    pictures = [make_upload(owner, number) for number in range(3)]
    Upload.objects.update(processed_at=timezone.now())
    return pictures


def started() -> UploadBatch:
    [batch_id] = start_reading()
    return UploadBatch.objects.get(id=batch_id)


def draw_text(path: Path) -> Path:
    image = Image.new("RGB", (1200, 400), "white")
    ImageDraw.Draw(image).text((60, 100), "Invoice 4711 Seahorse", fill="black", font=ImageFont.load_default(60))
    image.save(path)
    return path


def save(claimed: Claim, text: str) -> bool:
    return complete_item(claimed, lambda: save_text(claimed.upload_id or 0, "model", text, None))


def run_all(batch: UploadBatch) -> None:
    while claimed := claim_item(batch.id, WORKER):
        run_job(claimed)


def test_unread_pictures_are_queued_once(owner: User, pictures: list[Upload]) -> None:
    read, trashed, part = (make_upload(owner, number) for number in range(3, 6))
    archive = make_upload(owner, 6)
    Upload.objects.update(processed_at=timezone.now())
    Upload.objects.filter(id=read.id).update(text_model="before")
    Upload.objects.filter(id=trashed.id).update(trashed_at=timezone.now())
    Upload.objects.filter(id=part.id).update(part_of=pictures[0], part_role="raw")
    Upload.objects.filter(id=archive.id).update(kind=MediaKind.ARCHIVE)

    batch = started()

    assert (batch.kind, batch.owner, batch.status) == (BatchKind.TEXT, owner, BatchStatus.PROCESSING)
    assert list(batch.items.order_by("id").values_list("upload_id", flat=True)) == [one.id for one in pictures]
    assert start_reading() == []
    assert_counters_match(batch)


def test_pictures_beyond_the_limit_are_in_the_next_batch(
    owner: User, pictures: list[Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reanalyse, "MAX_TEXT_PICTURES", 2)

    first = started()
    while claimed := claim_item(first.id, WORKER):
        assert save(claimed, "")

    assert set(first.items.values_list("upload_id", flat=True)) == {one.id for one in pictures[:2]}
    assert [item.upload_id for item in started().items.all()] == [pictures[2].id]


def test_page_says_that_pictures_were_read(owner: User, pictures: list[Upload], client: Client) -> None:
    batch = started()
    while claimed := claim_item(batch.id, WORKER):
        assert save(claimed, "")
    client.force_login(owner)

    page = compact(client.get(f"/batches/{batch.id}/").content.decode())

    assert "Completed: 3 read, 0 failed." in page
    assert "Described" not in page


def test_reading_waits_for_the_owners_imports(owner: User, pictures: list[Upload]) -> None:
    imported = make_batch(owner, 1)
    assert start_reading() == []

    claimed = claim_item(imported.id, WORKER)
    assert claimed is not None
    assert complete_item(claimed)
    lifecycle.seal_batch(imported.id)

    assert started().total == 3


def test_import_of_any_owner_comes_first(owner: User, pictures: list[Upload], settings: Settings) -> None:
    batch = started()
    assert next_batch_id() is None  # in this process, reading text is still disabled
    settings.OCR = "on"
    assert next_batch_id() == batch.id

    imports = [make_batch(make_user("other"), 1), make_batch(owner, 1)]

    assert {next_batch_id(), next_batch_id(), next_batch_id()} == {one.id for one in imports}


def test_file_of_an_import_ends_the_reading_of_a_picture(
    owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_text, "URGENT_WORK_CHECK_SECONDS", 0)
    run_all(send(owner, [draw_text(tmp_path / "scan.png")]))
    batch = started()
    imported = make_batch(owner, 1)

    claimed = claim_item(batch.id, WORKER)
    assert claimed is not None
    run_job(claimed)

    assert batch.items.get().status == ItemStatus.PENDING
    cancel.cancel_batch(imported.id)
    run_all(batch)
    assert batch.items.get().status == ItemStatus.COMPLETED


def test_nothing_is_written_when_only_other_pictures_are_unread(
    owner: User, pictures: list[Upload], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    failed, trashed, archive = pictures
    part = make_upload(owner, 3)
    batch = started()
    claimed = claim_item(batch.id, WORKER)
    assert claimed is not None
    assert fail_item(claimed, "file.missing")
    cancel.cancel_batch(batch.id)
    batch.items.exclude(upload=failed).delete()
    Upload.objects.filter(id=trashed.id).update(trashed_at=timezone.now())
    Upload.objects.filter(id=archive.id).update(kind=MediaKind.ARCHIVE)
    Upload.objects.filter(id=part.id).update(part_of=failed, part_role="raw", processed_at=timezone.now())

    with django_assert_num_queries(1):
        assert start_reading() == []


def test_picture_that_failed_or_was_cancelled_is_not_read_again(owner: User, pictures: list[Upload]) -> None:
    batch = started()
    claimed = claim_item(batch.id, WORKER)
    assert claimed is not None
    assert fail_item(claimed, "file.missing")
    cancel.cancel_batch(batch.id)

    assert start_reading() == []
    new = make_upload(owner, 9)
    Upload.objects.filter(id=new.id).update(processed_at=timezone.now())
    assert [item.upload_id for item in started().items.all()] == [new.id]


def test_reading_continues_after_a_worker_was_killed(owner: User, pictures: list[Upload], settings: Settings) -> None:
    settings.GRACE_SECONDS = 0
    batch, killed = started(), Worker.objects.create(host="here", pid=1, threads=1)
    done, lost = claim_item(batch.id, WORKER), claim_item(batch.id, killed.id)
    assert done is not None
    assert lost is not None
    assert save(done, "done")

    recover_items()

    assert not save(lost, "lost")
    for quarantined in (False, True):
        while claimed := claim_item(batch.id, WORKER, quarantined=quarantined):
            assert claimed.reads_text
            assert save(claimed, "again")
    assert list(Upload.objects.order_by("id").values_list("text_found", flat=True)) == ["done", "again", "again"]
    assert_counters_match(batch)
    assert (batch.status, batch.successful) == (BatchStatus.COMPLETED, 3)


def test_reading_is_left_out_of_lists_and_summaries(owner: User, pictures: list[Upload]) -> None:
    batch = started()
    assert read_owner_summary(owner.pk).live == ()

    while claimed := claim_item(batch.id, WORKER):
        assert save(claimed, "")

    assert read_owner_summary(owner.pk).finished == 0
    assert count_unfinished(owner.pk) == 0


def test_word_written_in_a_picture_is_found(owner: User, tmp_path: Path) -> None:
    run_all(send(owner, [draw_text(tmp_path / "scan.png")]))
    assert not search(owner.pk, parse_query("seahorse"), [], 1).hits

    batch = started()
    run_all(batch)

    [hit] = search(owner.pk, parse_query("seahorse has:text"), [], 1).hits
    assert hit.upload.text_found == "Invoice 4711 Seahorse"
    assert hit.reason is not None
    assert hit.reason.source == "text"
    assert_counters_match(batch)


def test_text_stays_in_the_vector_when_a_picture_is_analysed_again(
    owner: User, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDER = "local"
    run_all(send(owner, [draw_text(tmp_path / "scan.png")]))
    without_text = Embedding.objects.get().vector
    run_all(started())
    with_text = Embedding.objects.get().vector
    encoded, encode = [], text_vector.embed_text

    def embed_outside_transactions(text: str) -> text_vector.TextVector | None:
        assert not connection.in_atomic_block
        encoded.append(text)
        return encode(text)

    monkeypatch.setattr(text_vector, "embed_text", embed_outside_transactions)

    again = reanalyse.reanalyse_selection(owner.pk, [Upload.objects.get().pk])
    assert again is not None
    run_all(UploadBatch.objects.get(id=again))

    assert encoded == ["Invoice 4711 Seahorse"]
    assert Embedding.objects.get().vector == pytest.approx(with_text, abs=1e-3)
    assert with_text != pytest.approx(without_text, abs=1e-2)
