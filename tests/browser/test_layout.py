"""The header, content and footer of a page are aligned."""

from tests.browser.conftest import OpenPage

LEFT_EDGES = """["a.brand", "h1", "#language-label"]
    .map((name) => Math.round(document.querySelector(name).getBoundingClientRect().left))"""


def test_header_content_and_footer_share_their_left_edge(open_page: OpenPage) -> None:
    page = open_page("/library/")

    for width in (390, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert len(set(page.evaluate(LEFT_EDGES))) == 1, width
