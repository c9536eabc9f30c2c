"""What a person is shown whose request is refused before any page sees it: a page in words, in their language."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from batches.models import UploadBatch
from tests.support.batches import fill
from tests.support.site_process import Site
from tests.support.users import make_user

GERMAN = {"Accept-Language": "de"}
GIB = 2**30


@pytest.fixture
def site(worker_env: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    site = Site(worker_env, tmp_path / "site.log")
    yield site
    site.stop()


def refuse_large(site: Site, **headers: str) -> tuple[int, str, str]:
    """Declare a body of a GiB: status, type and text of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest("POST", "/batches/new/")
    for name, value in (names | {"Content-Length": str(GIB)}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers["Content-Type"], text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "headers", [{"Accept_Language": "de"}, {"Cookie": "django_language=de"}], ids=["asks", "chose"]
)
def test_browser_that_sends_too_much_gets_a_page_in_its_language(site: Site, headers: dict[str, str]) -> None:
    status, kind, text = refuse_large(site, Accept="text/html,*/*;q=0.8", **headers)

    assert (status, kind) == (413, "text/html; charset=utf-8")
    assert '<html lang="de">' in text
    assert "16,0\xa0MB" in text
    assert 'href="/batches/new/"' in text


@pytest.mark.django_db(transaction=True)
def test_program_that_sends_too_much_gets_one_line(site: Site) -> None:
    assert refuse_large(site, Accept="application/json") == (
        413,
        "text/plain; charset=utf-8",
        "This request is larger than the server takes at once (16 MiB).\n",
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "words"), [({}, "at most 1,000 files at a time"), (GERMAN, "höchstens 1.000 Dateien auf einmal")]
)
def test_more_files_than_one_form_takes_are_refused_in_words(
    client: Client, headers: dict[str, str], words: str
) -> None:
    client.force_login(make_user("anna"))
    files = [SimpleUploadedFile(f"{number}.jpg", b"x") for number in range(1001)]

    answer = client.post(reverse("batch-new"), {"files": files}, headers=headers)

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not UploadBatch.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["login", "admin:login"])
def test_who_is_locked_out_is_shown_when_to_come_back(client: Client, place: str) -> None:
    User.objects.create_user("anna", password="for this test only")
    for _ in range(10):
        answer = client.post(reverse(place), {"username": "anna", "password": "wrong"}, headers=GERMAN)

    assert answer.status_code == 429
    page = answer.content.decode()
    assert '<html lang="de">' in page
    assert "15 Minuten" in page
    assert f'href="{reverse("login")}"' in page


@pytest.mark.django_db
def test_cancelling_is_asked_about_on_a_page_where_no_scripts_run(client: Client) -> None:
    anna = make_user("anna")
    client.force_login(anna)
    place = reverse("batch-cancel", args=[fill(anna, 2).id])

    page = client.get(place).content.decode()
    client.post(place)
    again = client.get(place)

    assert "Cancel “Iceland”?" in page
    assert UploadBatch.objects.get().cancelled == 2
    assert again.status_code == 302
