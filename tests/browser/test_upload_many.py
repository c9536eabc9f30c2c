"""Very many files in a real browser."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, assert_all_arrived, choose_folder, make_folder
from tests.rows import assert_counters_true
from tests.waiting import wait_until

# Puts 100,000 files into the page's own input. Their paths are mixed, a few are junk.
CHOOSE_MANY = """() => {
    const input = document.getElementById("folder");
    const files = Array.from({ length: 100000 }, (_, number) => {
        const mixed = (number * 7919) % 100003;
        const file = new File([String(number)], number % 1000 ? `IMG_${mixed}.JPG` : ".DS_Store");
        Object.defineProperty(file, "webkitRelativePath", { value: `Roll/${mixed % 300}/${file.name}` });
        return file;
    });
    Object.defineProperty(input, "files", { value: files });
    let last = performance.now();
    window.longest = 0;
    // The longest gap between two ticks is at least as long as the longest task.
    setInterval(() => {
        window.longest = Math.max(window.longest, performance.now() - last);
        last = performance.now();
    }, 5);
}"""
# A page that is held up for 300 ms must be noticed, or the test proves nothing.
HOLD_UP = "() => { const end = performance.now() + 300; while (performance.now() < end); }"
BEGIN = """() => {
    window.longest = 0;
    document.getElementById("folder").dispatchEvent(new Event("change"));
}"""


@pytest.mark.timeout(240)
def test_two_thousand_files_arrive_each_once(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = make_folder(tmp_path / "Roll", 2000)
    page = open_page("/batches/new/")

    choose_folder(page, roll)
    page.wait_for_url(BATCH, timeout=180_000)

    batch = UploadBatch.objects.get(owner=owner)
    assert batch.total == 2000
    assert_all_arrived(batch, roll)
    assert_counters_true(batch)


def test_hundred_thousand_files_never_freeze_the_page(open_page: OpenPage, owner: User) -> None:
    page = open_page("/batches/new/")

    page.evaluate(CHOOSE_MANY)
    page.evaluate(HOLD_UP)
    wait_until(lambda: page.evaluate("window.longest") >= 300)

    page.evaluate(BEGIN)
    expect(page.locator("#all-files")).to_have_text("of 99,900 files", timeout=60_000)
    expect(page.locator("#left-out")).to_contain_text("100 files are left out")
    # They are no pictures: a first answer shows that sending goes on beside the measuring.
    expect(page.locator("#refused")).to_be_visible(timeout=30_000)
    # Until all sizes are known the total is an estimate.
    expect(page.locator("#all-bytes")).not_to_contain_text("about", timeout=60_000)

    # 200 ms are the aim (bench); other work on this machine must not fail the test.
    assert page.evaluate("window.longest") < 1000
    assert page.evaluate("document.querySelectorAll('*').length") < 300
