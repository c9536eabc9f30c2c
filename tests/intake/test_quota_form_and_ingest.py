"""The quota also applies to the upload form, to `manage.py ingest` and to `receive_file`."""

from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from batches.engine.refusals import Refused
from batches.intake import quota
from batches.intake.file_name import FileName
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from tests.intake.test_quota import LARGEST, PICTURES
from tests.support.batches import assert_counters_match
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def limit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a quota of 2.5 times the size of the largest picture, and clear the usage cached by earlier tests."""
    settings.OWNER_BYTES = LARGEST * 5 // 2
    monkeypatch.setattr(quota, "usage", quota.OwnerUsage())


def test_form_reports_the_quota(ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    files = [SimpleUploadedFile(f"{number}.jpg", data) for number, data in enumerate(PICTURES)]

    page = browser.post("/batches/new/", {"files": files}, follow=True).content.decode()

    assert "are already used or reserved" in page
    assert Upload.objects.count() == 2
    assert_counters_match(UploadBatch.objects.get())


def test_ingest_stops_at_the_quota(ada: User, tmp_path: Path) -> None:
    folder = tmp_path / "roll"
    folder.mkdir()
    for number, data in enumerate(PICTURES):
        (folder / f"{number}.jpg").write_bytes(data)
    errors = StringIO()

    with pytest.raises(SystemExit):
        call_command("ingest", folder, owner="ada", stdout=StringIO(), stderr=errors)

    assert "are already used or reserved" in errors.getvalue()
    assert Upload.objects.count() == 2


def test_receive_file_raises_over_the_quota(batch: UploadBatch) -> None:
    with pytest.raises(Refused, match="are already used or reserved"):
        receive_file(batch, FileName("big.jpg", 10 * LARGEST), BytesIO(PICTURES[0]))
