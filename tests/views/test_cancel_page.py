"""A page asks for confirmation before a batch is cancelled, with different texts for imports and re-analyses."""

import pytest
from django.test import Client
from django.urls import reverse

from batches.models import UploadBatch
from batches.models.states import BatchKind
from tests.support.batches import make_batch
from tests.support.users import make_user


@pytest.mark.django_db
def test_cancel_page_asks_and_redirects_once_cancelled(client: Client) -> None:
    anna = make_user("anna")
    client.force_login(anna)
    url = reverse("batch-cancel", args=[make_batch(anna, 2).id])

    page = client.get(url).content.decode()
    client.post(url)
    again = client.get(url)

    assert "Cancel “Iceland”?" in page
    assert UploadBatch.objects.get().cancelled == 2
    assert again.status_code == 302


@pytest.mark.django_db
def test_pages_that_stop_a_reanalysis_have_their_own_texts(client: Client) -> None:
    anna = make_user("anna")
    client.force_login(anna)
    batch = make_batch(anna, 2)
    UploadBatch.objects.filter(id=batch.id).update(kind=BatchKind.REANALYSIS)

    pages = [client.get(reverse(name, args=[batch.id])).content.decode() for name in ("batch-cancel", "batch-detail")]
    stopped = client.post(reverse("batch-cancel", args=[batch.id]), follow=True).content.decode()

    for page in pages:
        assert "Stop creating new descriptions for “Iceland”?" in page
        assert "No picture is deleted." in page
        assert "add the files again" not in page
    assert "Stopped. Pictures without a new description keep their old one." in stopped
