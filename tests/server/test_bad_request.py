"""If Django refuses a request before it reaches a view, the response is a page that explains why."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from batches.models import UploadBatch
from tests.support.users import make_user


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "message"), [("en", "at most 1,000 files at a time"), ("de", "höchstens 1.000 Dateien auf einmal")]
)
def test_form_with_too_many_files_is_refused_with_the_limit(client: Client, language: str, message: str) -> None:
    client.force_login(make_user("anna"))
    files = [SimpleUploadedFile(f"{number}.jpg", b"x") for number in range(1001)]

    response = client.post(reverse("batch-new"), {"files": files}, headers={"Accept-Language": language})

    assert response.status_code == 400
    assert message in response.content.decode()
    assert not UploadBatch.objects.exists()
