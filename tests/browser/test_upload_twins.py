"""Files with the same path, size and modification time in one selection keep their own bytes."""

import hashlib
import os
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Response, Route, expect

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, SentRequests
from tests.browser.waiting import wait_with_page
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy

CHUNK = 2**16


@pytest.fixture
def twins(tmp_path: Path) -> list[Path]:
    """Three pictures of two chunks each that differ in every chunk."""
    return [make_twin(tmp_path / name, name) for name in ("a", "b", "c")]


def make_twin(folder: Path, tail: str) -> Path:
    folder.mkdir()
    path = folder / "IMG_0000.JPG"
    path.write_bytes(encoded(textured(32, 24), "JPEG").ljust(2 * CHUNK, tail.encode()))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def choose(page: Page, *paths: Path) -> None:
    page.locator("#file-input").set_input_files(paths)


def expected_items(*paths: Path) -> dict[str, bytes]:
    contents = [path.read_bytes() for path in paths]
    return {f"IMG_0000 [{hashlib.sha256(each).hexdigest()[:8]}].JPG": each for each in contents}


def stored_items(batch: UploadBatch) -> dict[str, bytes]:
    return {item.filename: stored(item.upload) for item in batch.items.select_related("upload") if item.upload}


def stored(upload: Upload) -> bytes:
    with local_copy(upload.key) as path:
        return path.read_bytes()


def send_first_chunks_and_close(page: Page, *paths: Path) -> None:
    """Choose the files, let the server receive one chunk of each, then close the tab."""

    def use_small_chunks(route: Route) -> None:
        response = route.fetch()
        html = re.sub(r'data-chunk="\d+"', f'data-chunk="{CHUNK}"', response.text())
        route.fulfill(response=response, body=html)

    def refuse_second_chunk(route: Route) -> None:
        if route.request.headers.get("upload-offset", "0") == "0":
            route.continue_()
        else:
            route.abort()

    responses: list[Response] = []
    page.on("response", lambda each: responses.append(each))
    page.route("**/batches/new/", use_small_chunks)
    page.route("**/tus/**", refuse_second_chunk)
    page.reload()
    choose(page, *paths)
    wait_with_page(page, lambda: count_accepted_chunks(responses) == len(paths))
    # Go offline first, because closing the page removes the route and would let further requests through.
    context = page.context
    context.set_offline(True)
    page.close()
    context.set_offline(False)


def count_accepted_chunks(responses: list[Response]) -> int:
    return sum(each.request.method == "PATCH" and each.status == 204 for each in responses)


def test_twins_are_sent_under_different_names_and_copies_once(
    open_page: OpenPage, owner: User, twins: list[Path], tmp_path: Path
) -> None:
    page = open_page("/batches/new/")
    sent = SentRequests(page)
    page.route("**/seal/", lambda route: None)  # keeps the page open

    choose(page, *twins, make_twin(tmp_path / "copy", "a"))

    expect(page.locator("#sent-files")).to_have_text("4")
    expect(page.locator("#duplicates")).to_have_text("1")
    assert sent.creations == 3
    batch = UploadBatch.objects.get()
    wait_with_page(page, lambda: batch.items.filter(upload__isnull=False).count() == 4)
    copy = next(name for name in expected_items(twins[0])).replace("].", "] (2).")
    assert stored_items(batch) == expected_items(*twins) | {copy: twins[0].read_bytes()}
    assert Upload.objects.count() == batch.expected_items == 3


def test_twins_chosen_again_in_another_order_continue_with_their_own_bytes(
    open_page: OpenPage, owner: User, twins: list[Path]
) -> None:
    send_first_chunks_and_close(open_page("/batches/new/"), *twins)
    assert set(BatchItem.objects.values_list("status", flat=True)) == {ItemStatus.RECEIVING}
    page = open_page("/batches/new/")

    choose(page, *reversed(twins))
    page.locator("#resume-offer").get_by_role("button", name="Resume").click()

    page.wait_for_url(BATCH)
    assert stored_items(UploadBatch.objects.get()) == expected_items(*twins)


def test_twin_chosen_alone_after_the_others_is_sent(open_page: OpenPage, owner: User, twins: list[Path]) -> None:
    page = open_page("/batches/new/")
    page.route("**/seal/", lambda route: None)  # the import stays unfinished
    choose(page, *twins[:2])
    expect(page.locator("#sent-files")).to_have_text("2")
    page = open_page("/batches/new/")

    choose(page, twins[2])

    page.wait_for_url(BATCH)
    assert stored_items(UploadBatch.objects.latest("id")) == {"IMG_0000.JPG": twins[2].read_bytes()}
