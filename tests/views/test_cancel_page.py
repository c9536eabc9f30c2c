"""Without JavaScript, a page asks for confirmation before a batch is cancelled."""

import pytest
from django.test import Client
from django.urls import reverse

from batches.models import UploadBatch
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
