"""Unsupported files, such as an FLV video, are neither sent in full nor sent again."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, SentRequests, choose_folder, make_folder

PICTURES = 3
# Larger than one chunk of 8 MiB.
FILM = b"FLV\1\5\0\0\0\x09" + bytes(9 * 2**20)


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    folder = make_folder(tmp_path / "Roll", PICTURES)
    (folder / "IMG_9000.FLV").write_bytes(FILM)
    return folder


def send(page: Page, roll: Path) -> int:
    """Upload the folder; return the number of requests that sent file data."""
    sent = SentRequests(page)
    choose_folder(page, roll)
    page.wait_for_url(BATCH, timeout=60_000)
    return sent.bodies


def test_video_is_refused_by_its_first_bytes_and_not_sent_again(open_page: OpenPage, owner: User, roll: Path) -> None:
    bodies = send(open_page("/batches/new/"), roll)

    assert UploadBatch.objects.get().items.get(filename="IMG_9000.FLV").error_code == "file.unsupported"
    assert bodies <= PICTURES + 1
    assert send(open_page("/batches/new/"), roll) == 0
    again = UploadBatch.objects.filter(owner=owner).latest("id")
    assert (again.total, again.failed) == (PICTURES + 1, 1)
