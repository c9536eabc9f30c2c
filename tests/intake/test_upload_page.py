"""The upload page: the form without JavaScript, and the requests of its script."""

from dataclasses import replace

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from batches.models import UploadBatch
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.users import make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = [encoded(textured(320, 240, seed), "JPEG") for seed in range(3)]


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_page_has_a_form_that_works_without_scripts(browser: Client) -> None:
    page = browser.get("/batches/new/").content.decode()

    assert 'enctype="multipart/form-data"' in page
    assert 'type="file" name="files" multiple' in page
    assert "16.0\xa0MB and 1000 files" in page
    assert "<style" not in page
    assert " style=" not in page


def test_page_requires_a_login() -> None:
    client = Client()

    answers = [client.get("/batches/new/"), client.post("/batches/open/"), client.post("/batches/1/seal/")]

    assert [answer.status_code for answer in answers] == [302, 302, 302]


@pytest.mark.parametrize(
    ("changed", "promised"),
    [({}, True), ({"DESCRIBER": "ollama"}, False), ({"S3": replace(django_settings.S3, bucket="photos")}, False)],
    ids=["embedded analyzer", "model server", "bucket"],
)
def test_page_promises_privacy_only_if_pictures_stay_on_the_server(
    browser: Client, settings: Settings, changed: dict[str, object], promised: bool
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)

    assert ("Nothing leaves it" in browser.get("/batches/new/").content.decode()) is promised


def test_form_receives_files_and_redirects_to_their_batch(browser: Client, ada: User) -> None:
    files = [upload("a.jpg", PICTURES[0]), upload("b.jpg", PICTURES[1]), upload("notes.txt", b"milk, eggs")]

    answer = browser.post("/batches/new/", {"name": " Week\nend ", "files": files})

    batch = UploadBatch.objects.get(owner=ada)
    assert answer.headers["Location"] == f"/batches/{batch.id}/"
    assert (batch.name, batch.total, batch.failed, batch.status) == ("Week end", 3, 1, "processing")
    assert batch.sealed_at is not None
    assert Upload.objects.filter(owner=ada).count() == 2
    assert_counters_match(batch)


def test_form_keeps_two_files_of_the_same_name_and_size(browser: Client) -> None:
    same = len(PICTURES[0])
    other = PICTURES[1][:same].ljust(same, b"\0")

    browser.post("/batches/new/", {"files": [upload("image.jpg", PICTURES[0]), upload("image.jpg", other)]})

    assert Upload.objects.count() == 2
    assert UploadBatch.objects.get().name.startswith("Import on ")


def test_form_whose_files_are_all_refused_completes(browser: Client) -> None:
    browser.post("/batches/new/", {"files": [upload("a.txt", b"no"), upload("empty.jpg", b"")]})

    batch = UploadBatch.objects.get()
    assert (batch.status, batch.failed) == ("completed", 2)
    assert set(batch.items.values_list("error_code", flat=True)) == {"file.unsupported", "file.empty"}


def test_form_without_files_says_so(browser: Client) -> None:
    page = browser.post("/batches/new/", {"name": "Nothing"}).content.decode()

    assert "No files selected" in page
    assert not UploadBatch.objects.exists()


def test_open_batch_returns_the_upload_address(browser: Client, ada: User) -> None:
    body = {"name": "Iceland", "expected_items": 200}

    answer = browser.post("/batches/open/", body, content_type="application/json")

    batch = UploadBatch.objects.get(owner=ada)
    assert answer.status_code == 201
    assert answer.json() == {"id": batch.id, "url": f"/batches/{batch.id}/", "tus_url": "/tus/"}
    assert (batch.name, batch.expected_items, batch.sealed_at) == ("Iceland", 200, None)


def test_name_that_is_too_long_is_truncated(browser: Client) -> None:
    body = {"name": "x" * 201, "expected_items": 1}

    browser.post("/batches/open/", body, content_type="application/json")

    assert UploadBatch.objects.get().name == "x" * 199 + "…"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "request.malformed"),
        ("[]", 400, "request.malformed"),
        ('{"name": "x"}', 400, "request.malformed"),
        ("[" * 100_000, 400, "request.malformed"),
        ('{"name": 5, "expected_items": 1}', 400, "request.malformed"),
        ('{"name": "x", "expected_items": true}', 400, "request.malformed"),
        ('{"name": "x", "expected_items": 0}', 400, "request.malformed"),
        ('{"name": "x", "expected_items": 500001}', 413, "batch.too_many_files"),
    ],
)
def test_open_batch_refuses_wrong_input(browser: Client, body: str, status: int, code: str) -> None:
    answer = browser.post("/batches/open/", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"], bool(answer.json()["error"])) == (status, code, True)
    assert not UploadBatch.objects.exists()


def test_seal_is_for_the_owner(browser: Client, ada: User) -> None:
    batch = UploadBatch.objects.create(owner=ada, name="Mine")
    other = UploadBatch.objects.create(owner=make_user("bob"), name="Bob's")

    answers = [browser.post(f"/batches/{batch_id}/seal/") for batch_id in (batch.id, batch.id, other.id, 10**15)]

    batch.refresh_from_db()
    other.refresh_from_db()
    assert [answer.status_code for answer in answers] == [204, 204, 404, 404]
    assert [answer.json()["code"] for answer in answers[2:]] == ["batch.unknown"] * 2
    assert batch.status == "completed"
    assert other.sealed_at is None


@pytest.mark.parametrize("path", ["/batches/open/", "/batches/1/seal/", "/batches/new/"])
def test_posts_require_a_csrf_token(ada: User, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)

    assert client.post(path).status_code == 403


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1:11434", "described by the model server 127.0.0.1:11434 on the same machine"),
        ("http://gpu.example.org:11434", "sent to the model server gpu.example.org:11434 to be described"),
    ],
)
def test_pages_name_the_model_server(browser: Client, settings: Settings, url: str, text: str) -> None:
    before = browser.get("/library/").content.decode()
    settings.DESCRIBER = "ollama"
    settings.OLLAMA = replace(settings.OLLAMA, url=url)

    after = " ".join(browser.get("/library/").content.decode().split())

    assert "model server" not in before
    assert text in after
    assert "Descriptions and searches" not in after
