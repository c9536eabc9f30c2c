"""A request whose body is too large is refused with an error page or one line of text, before Django receives it."""

import pytest

from vuemantics.server.error_pages import too_large
from vuemantics.server.limits import RequestHead


@pytest.mark.parametrize(
    ("cookie", "accept_language"), [("", "de"), ("django_language=de", "en")], ids=["header", "cookie"]
)
def test_browser_gets_a_page_in_its_language(cookie: str, accept_language: str) -> None:
    headers = {"accept": "text/html,*/*;q=0.8", "cookie": cookie, "accept-language": accept_language}
    refusal = too_large(RequestHead("", "/", headers))

    assert (refusal.status, refusal.content_type) == (413, "text/html")
    assert '<html lang="de">' in refusal.text
    assert "16,0\xa0MB" in refusal.text
    assert 'href="/batches/new/"' in refusal.text


def test_program_gets_one_line() -> None:
    refusal = too_large(RequestHead("", "/", {"accept": "application/json"}))

    assert refusal.content_type == "text/plain"
    assert refusal.text == "The request is larger than this server's limit of 16 MiB.\n"
