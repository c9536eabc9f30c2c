"""Scripts show the sizes of files as the server does."""

import pytest
from django.template.defaultfilters import filesizeformat
from django.utils import translation

from tests.browser.conftest import OpenPage

# 1280 bytes (1.25 KB) and 1792 bytes (1.75 KB) show how halves are rounded.
SIZES = [0, 1, 999, 1000, 1023, 1024, 1280, 1792, 10_240, 123_456, 2**20 - 1, 2**20, 1_500_000, 987_654_321, 2**30]
SIZES += [5 * 2**40, 3 * 2**50, 2000 * 2**50]
FORMAT = """async (sizes) => {
    const { formatBytes } = await import("/static/upload/messages.js");
    return sizes.map(formatBytes);
}"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_scripts_and_server_format_sizes_alike(open_page: OpenPage, language: str) -> None:
    page = open_page("/batches/new/", locale=language)

    shown = page.evaluate(FORMAT, SIZES)

    with translation.override(language):
        assert shown == [filesizeformat(size) for size in SIZES]
