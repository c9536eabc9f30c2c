"""Files over the quota are reported, and files too large for the disk do not block other files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.folders import choose_folder, make_folder
from tests.browser.waiting import wait_with_page
from tests.support.web_server import Site

FILES = 25
LANES = 5
MIB = 2**20


@pytest.fixture
def own_site(worker_env: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    site = Site(worker_env | request.param(worker_env), tmp_path / "site.log")
    yield site
    site.stop()


def ten_small_files(_env: dict[str, str]) -> dict[str, str]:
    return {"VUEMANTICS_OWNER_GIB": str(24_000 / 2**30)}


def one_gibibyte(env: dict[str, str]) -> dict[str, str]:
    free = shutil.disk_usage(env["VUEMANTICS_VAR"]).free
    return {"VUEMANTICS_MIN_FREE_MIB": str(free // MIB - 1024)}


@pytest.mark.usefixtures("own_site")
@pytest.mark.parametrize("own_site", [ten_small_files], indirect=True)
def test_files_over_the_quota_are_reported_and_not_sent(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    page = open_page("/batches/new/")
    refused_bodies: list[str] = []
    page.on(
        "response",
        lambda answer: (
            refused_bodies.append(answer.url)
            if answer.status == 413 and answer.request.headers.get("content-type") == "application/offset+octet-stream"
            else None
        ),
    )

    choose_folder(page, make_folder(tmp_path / "Roll", FILES))
    page.get_by_role("button", name="Upload anyway").click()

    expect(page.locator("#rejected-list")).to_contain_text("Your storage is full")
    expect(page.locator("#sending-title")).to_have_text("Uploaded")
    batch = UploadBatch.objects.get()
    assert 0 < batch.missing < batch.total == FILES
    # Only uploads that were in progress at the first refusal may also have been refused.
    assert len(refused_bodies) <= LANES


@pytest.mark.usefixtures("own_site")
@pytest.mark.parametrize("own_site", [one_gibibyte], indirect=True)
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
