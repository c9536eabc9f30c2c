"""The list of a user's batches, and the redirect of the home page."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.engine.reanalyse import read_library_text
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import make_batch
from tests.support.html import compact
from uploads.models import Upload


def text(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return compact(answer.content.decode())


def test_home_redirects_to_the_batches_or_to_the_upload_page(page: Client, anna: User) -> None:
    assert page.get("/")["Location"] == reverse("batch-new")
    make_batch(anna, 1)

    assert page.get("/")["Location"] == reverse("batch-list")


def test_batch_list_is_newest_first_and_refreshes_only_while_one_runs(page: Client, anna: User) -> None:
    first, second = make_batch(anna, 2, "Iceland"), make_batch(anna, 2, "Garden")
    html = text(page, reverse("batch-list"))
    assert html.index("Garden") < html.index("Iceland")
    refresh = '<noscript><meta http-equiv="refresh" content="10"></noscript>'
    assert refresh in html

    UploadBatch.objects.filter(id__in=[first.id, second.id]).update(
        status=BatchStatus.COMPLETED, successful=2, sealed_at=timezone.now(), completed_at=timezone.now()
    )

    assert refresh not in text(page, reverse("batch-list"))


def test_empty_batch_list_explains_itself(page: Client) -> None:
    assert "Add a folder of photos" in text(page, reverse("batch-list"))


def test_reading_of_text_is_one_line_below_the_imports(page: Client, anna: User) -> None:
    make_batch(anna, 1, "Iceland")
    Upload.objects.update(processed_at=timezone.now())
    reading = read_library_text(anna.pk, "model")

    html = text(page, reverse("batch-list"))

    assert html.count('<li class="batch"') == 1
    assert "Text read in 0 of 1 pictures" in html
    assert f'href="{reverse("batch-detail", args=[reading])}"' in html
