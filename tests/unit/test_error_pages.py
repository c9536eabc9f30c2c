"""The response to a body over the limit, which the server sends before Django creates a request object."""

import pytest

from vuemantics.server.error_pages import too_large


@pytest.mark.parametrize(
    ("cookie", "accept_language"), [("", "de"), ("django_language=de", "en")], ids=["header", "cookie"]
)
def test_browser_gets_a_page_in_its_language(cookie: str, accept_language: str) -> None:
    content_type, text = too_large("text/html,*/*;q=0.8", cookie, accept_language)

    assert content_type == "text/html"
    assert '<html lang="de">' in text
    assert "16,0\xa0MB" in text
    assert 'href="/batches/new/"' in text


def test_program_gets_one_line() -> None:
    assert too_large("application/json", "", "") == (
        "text/plain",
        "The request is larger than this server's limit of 16 MiB.\n",
    )
