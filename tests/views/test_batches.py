"""A batch page: progress, failures, and the list of files."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from pytest_django import Settings

from batches.engine import incoming, lifecycle
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.support.batches import make_batch
from tests.support.html import compact
from uploads.models import Upload
from uploads.preview_urls import LIST_SIDE, preview_url


def finish(batch: UploadBatch, count: int) -> None:
    """Complete `count` files without the engine."""
    ids = list(batch.items.filter(status=ItemStatus.PENDING).order_by("id").values_list("id", flat=True)[:count])
    BatchItem.objects.filter(id__in=ids).update(
        status=ItemStatus.COMPLETED, result="new", queue_position=None, finished_at=timezone.now()
    )
    Upload.objects.filter(items__in=ids).update(description="A glacier.", processed_at=timezone.now())
    UploadBatch.objects.filter(id=batch.id).update(successful=count)


def fail_one(batch: UploadBatch, code: str = "item.internal") -> BatchItem:
    item = batch.items.order_by("-id")[0]
    BatchItem.objects.filter(id=item.id).update(
        status=ItemStatus.FAILED,
        queue_position=None,
        finished_at=timezone.now(),
        error_code=code,
        error_message="Words of the file.",
    )
    UploadBatch.objects.filter(id=batch.id).update(failed=1)
    return item


def text(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return compact(answer.content.decode())


def detail(batch: UploadBatch) -> str:
    return reverse("batch-detail", args=[batch.id])


def shown_files(html: str) -> list[str]:
    return re.findall(r"IMG_\d{4}\.JPG(?=</)", html.partition('id="files"')[2])


def test_batch_page_shows_progress_in_its_order(page: Client, anna: User) -> None:
    batch = make_batch(anna, 8)
    finish(batch, 3)
    fail_one(batch)

    html = text(page, detail(batch))

    assert "<title>50% · Iceland · vuemantics</title>" in html
    assert '<progress max="8" value="4"' in html
    places = [html.index(f'id="{part}"') for part in ("heading", "summary", "in-progress", "problems", "files")]
    assert places == sorted(places)


def test_batch_page_needs_no_inline_script_or_style(page: Client, anna: User) -> None:
    batch = make_batch(anna, 3)
    fail_one(batch)

    html = text(page, detail(batch))

    assert not re.search(r"\s(style|on\w+|hx-on\S*)=|<style|<script(?![^>]* src=)", html)


def test_batch_page_names_errors_and_files_of_failures_and_offers_a_retry(page: Client, anna: User) -> None:
    batch = make_batch(anna, 3)
    item = fail_one(batch)

    html = text(page, detail(batch))

    assert "1 problem" in html
    assert "An internal error occurred while processing this file." in html
    assert '<button type="submit" id="retry-button" form="retry">Retry 1 file</button>' in html
    assert f'name="item" value="{item.id}"' in html


def test_batch_page_offers_no_retry_of_permanent_failures(page: Client, anna: User) -> None:
    batch = make_batch(anna, 3)
    item = fail_one(batch, "image.truncated")

    html = text(page, detail(batch))

    assert "The picture is incomplete: the end of the file is missing." in html
    assert 'id="retry-button"' not in html
    assert f'name="item" value="{item.id}"' not in html


def test_batch_page_says_private_only_for_the_embedded_analyzer(page: Client, anna: User, settings: Settings) -> None:
    batch = make_batch(anna, 1)
    assert "your photos never leave this server" in text(page, detail(batch))

    settings.DESCRIBER = "ollama"

    assert "your photos never leave this server" not in text(page, detail(batch))


@pytest.mark.parametrize(
    ("show", "files"),
    [
        ("all", ["IMG_0003.JPG", "IMG_0002.JPG", "IMG_0000.JPG", "IMG_0001.JPG"]),
        ("nonsense", ["IMG_0003.JPG", "IMG_0002.JPG", "IMG_0000.JPG", "IMG_0001.JPG"]),
        ("described", ["IMG_0000.JPG", "IMG_0001.JPG"]),
        ("failed", ["IMG_0003.JPG"]),
        ("waiting", ["IMG_0002.JPG"]),
    ],
)
def test_file_list_filters_by_status(page: Client, anna: User, show: str, files: list[str]) -> None:
    batch = make_batch(anna, 4)
    finish(batch, 2)
    fail_one(batch)

    assert shown_files(text(page, detail(batch), show=show)) == files


def test_file_list_is_paged_in_both_directions(page: Client, anna: User) -> None:
    batch = make_batch(anna, 120)
    first = text(page, detail(batch))
    forth = re.search(r'rel="next"[^>]*href="\?([^#"]+)', first)
    assert forth is not None

    second = text(page, f"{detail(batch)}?{forth[1]}")
    back = re.search(r'rel="prev"[^>]*href="\?([^#"]+)', second)

    assert back is not None
    assert shown_files(second) == [f"IMG_{number:04}.JPG" for number in range(50, 100)]
    assert shown_files(text(page, f"{detail(batch)}?{back[1]}")) == shown_files(first)
    assert 'rel="prev"' not in first


def test_htmx_gets_the_files_alone_uncached(page: Client, anna: User) -> None:
    batch = make_batch(anna, 2)

    answer = page.get(detail(batch), headers={"HX-Request": "true"})

    assert compact(answer.content.decode()).startswith('<section id="files"')
    assert "HX-Request" in answer["Vary"]
    assert "no-store" in answer["Cache-Control"]


def test_page_of_finished_files_is_not_requested_again(page: Client, anna: User) -> None:
    batch = make_batch(anna, 60)
    assert "data-settled" not in text(page, detail(batch))

    finish(batch, 60)

    assert "data-settled" in text(page, detail(batch))


def test_file_names_are_escaped(page: Client, anna: User) -> None:
    batch = lifecycle.open_batch(anna.id, "<script>alert(1)</script>")
    file = incoming.NewFile("<img src=x>.jpg", "<b>/<img src=x>.jpg", "0" * 64, 10)
    item, _ = incoming.register_item(batch.id, file)
    incoming.reject_item(item.id, "file.unsupported", "<i>no</i>")

    html = text(page, detail(batch))

    assert not re.search("<script>alert|<img src=x|<b>/|<i>no", html)


def test_empty_batch_shows_whether_files_are_expected(page: Client, anna: User) -> None:
    batch = lifecycle.open_batch(anna.pk, "Nothing")
    assert "No files yet" in text(page, detail(batch))

    lifecycle.seal_batch(batch.id)

    assert "No files" in text(page, detail(batch))
    assert "No files yet" not in text(page, detail(batch))


def test_list_shows_the_first_picture_of_an_import_unless_it_is_in_the_trash(page: Client, anna: User) -> None:
    batch = make_batch(anna, 2)
    finish(batch, 2)
    uploads = Upload.objects.filter(items__batch=batch)
    uploads.update(previews={"320": "previews/there.jpg"})
    cover = preview_url(uploads.order_by("items__id")[0], LIST_SIDE)

    assert escape(cover) in text(page, "/batches/")
    uploads.update(trashed_at=timezone.now())
    assert "<img" not in text(page, "/batches/")
