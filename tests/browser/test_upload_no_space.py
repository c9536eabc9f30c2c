"""Files over the quota are reported, and files too large for the disk do not block other files."""

import shutil
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Route, expect

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.folders import choose_folder, has_body, make_folder
from tests.browser.waiting import wait_with_page

FILES = 25
LANES = 5
MIB = 2**20


@pytest.fixture
def worker_env(worker_env: dict[str, str]) -> dict[str, str]:
    """The environment of a site that may fill about 1 GiB of its disk."""
    free = shutil.disk_usage(worker_env["VUEMANTICS_VAR"]).free
    return worker_env | {"VUEMANTICS_MIN_FREE_MIB": str(free // MIB - 1024)}


def test_files_over_the_quota_are_reported_and_not_sent(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    page = open_page("/batches/new/")
    creations = 0
    refused: list[bool] = []

    def accept_ten(route: Route) -> None:
        nonlocal creations
        creations += route.request.method == "POST"
        if creations <= 10:
            route.continue_()
        else:
            refused.append(has_body(route.request))
            route.fulfill(status=413, body="quota.exceeded: Your storage is full.")

    page.route("**/tus/", accept_ten)
    choose_folder(page, make_folder(tmp_path / "Roll", FILES))

    expect(page.locator("#rejected-list")).to_contain_text("Your storage is full")
    expect(page.locator("#sending-title")).to_have_text("Uploaded")
    batch = UploadBatch.objects.get()
    assert (batch.missing, batch.total) == (FILES - 10, FILES)
    # Among the refused files, only those already being uploaded at the first refusal may have sent data.
    assert len(refused) == FILES - 10
    assert sum(refused) <= LANES


@pytest.mark.usefixtures("own_site")
def test_small_files_arrive_while_large_ones_wait_for_space(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = make_folder(tmp_path / "Roll", 10)
    for number in range(LANES):
        with (roll / f"A_{number}.MOV").open("wb") as film:
            film.truncate(2048 * MIB)
    page = open_page("/batches/new/")

    choose_folder(page, roll)
    page.get_by_role("button", name="Upload anyway").click()

    here = BatchItem.objects.exclude(status__in=[ItemStatus.MISSING, ItemStatus.RECEIVING])
    wait_with_page(page, lambda: here.count() == 10)
    expect(page.locator("#upload-warning-text")).to_contain_text("disk is full")
