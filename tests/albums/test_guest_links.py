"""Guests can add files through a guest link, up to its limits and until it expires."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from batches.engine.expiry import finish_without_missing
from batches.intake import quota
from batches.intake.file_name import FileName
from batches.intake.file_part import FilePart, receive_part
from batches.intake.partial_cleanup import PartialCleaner
from batches.models import BatchItem, GuestLink, UploadBatch
from batches.models.states import ItemResult
from tests.engine.sidecar_files import xmp
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import open_original
from vuemantics.server.limits import RequestHead
from vuemantics.server.senders import check_sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(anna: User) -> GuestLink:
    """A link that accepts three files of 1 MB in total."""
    until = timezone.now() + timedelta(days=1)
    return GuestLink.objects.create(owner=anna, name="Wedding", expires_at=until, max_files=3, max_bytes=10**6)


@pytest.fixture
def guest() -> Client:
    """A client that is not signed in."""
    return Client()


def picture(number: int) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"IMG_{number}.JPG", encoded(textured(32 + number, 24), "JPEG"))


def send(client: Client, link: GuestLink, *files: SimpleUploadedFile, name: str = "Ben") -> tuple[int, str]:
    answer = client.post(reverse("guest-upload", args=[link.token]), {"guest": name, "files": files})
    return answer.status_code, answer.content.decode()


def test_files_go_to_an_import_with_the_name_of_the_guest(guest: Client, anna: User, link: GuestLink) -> None:
    assert "Wedding" in guest.get(reverse("guest-upload", args=[link.token])).content.decode()

    status, html = send(guest, link, picture(1), SimpleUploadedFile("notes.txt", b"notes"))
    send(guest, link, picture(2))

    assert (status, "1 file added." in html, "1 file was not accepted." in html) == (200, True, True)
    batch = UploadBatch.objects.get()
    assert (batch.owner, batch.name, batch.total) == (anna, "Wedding: Ben", 3)
    assert batch.sealed_at is not None
    assert Upload.objects.filter(owner=anna).count() == 2


def test_each_guest_has_an_import(guest: Client, link: GuestLink) -> None:
    send(guest, link, picture(1))
    send(Client(), link, picture(2), name="Cleo")

    assert set(UploadBatch.objects.values_list("name", flat=True)) == {"Wedding: Ben", "Wedding: Cleo"}


def expire(_link: GuestLink) -> None:
    GuestLink.objects.update(expires_at=timezone.now())


def revoke(_link: GuestLink) -> None:
    GuestLink.objects.update(revoked_at=timezone.now())


def deactivate_owner(_link: GuestLink) -> None:
    User.objects.update(is_active=False)


def forge(link: GuestLink) -> None:
    link.token = link.token[::-1]


@pytest.mark.parametrize("close", [expire, revoke, deactivate_owner, forge])
def test_closed_link_is_not_found_and_takes_nothing(
    guest: Client, link: GuestLink, close: Callable[[GuestLink], None]
) -> None:
    close(link)

    assert guest.get(reverse("guest-upload", args=[link.token])).status_code == 404
    assert send(guest, link, picture(1))[0] == 404
    assert not BatchItem.objects.exists()


@pytest.mark.parametrize("limits", [{"max_files": 1}, {"max_bytes": 1000}])
def test_files_beyond_a_limit_are_refused_together(guest: Client, link: GuestLink, limits: dict[str, int]) -> None:
    GuestLink.objects.filter(id=link.pk).update(**limits)

    status, html = send(guest, link, picture(1), picture(2))

    assert (status, "would exceed the link" in html) == (409, True)
    assert not BatchItem.objects.exists()


@pytest.mark.parametrize(("name", "numbers"), [(" \t ", [1]), ("Ben", [])])
def test_name_and_files_are_required(guest: Client, link: GuestLink, name: str, numbers: list[int]) -> None:
    status, _ = send(guest, link, *map(picture, numbers), name=name)

    assert status == 409
    assert not UploadBatch.objects.exists()


def send_part(client: Client, link: GuestLink, data: bytes, offset: int, size: int, name: str = "clip.jpg") -> Any:
    part = SimpleUploadedFile(name, data)
    fields = {"guest": "Ben", "size": size, "key": "1", "offset": offset, "files": part}
    answer = client.post(reverse("guest-upload", args=[link.token]), fields)
    return answer.json()


def test_file_larger_than_a_request_arrives_in_parts_and_counts_once(guest: Client, link: GuestLink) -> None:
    data = encoded(textured(64, 48), "JPEG")
    half, size = len(data) // 2, len(data)

    answers = [
        send_part(guest, link, data[:half], 0, size),
        send_part(guest, link, data[:half], 0, size),  # the response to the first part was lost
        send_part(guest, link, data[half:], half, size),
        send_part(guest, link, data[:half], 0, size),
    ]

    assert [answer["received"] for answer in answers] == [half, half, size, size]
    assert [(answer["done"], answer["message"]) for answer in answers] == [(False, "")] * 2 + [(True, "")] * 2
    assert Upload.objects.get().size == size
    link.refresh_from_db()
    assert (link.files, link.bytes) == (1, size)


@pytest.mark.parametrize("stopped", [False, True], ids=["receiving", "missing"])
def test_unfinished_file_counts_until_it_expires(
    guest: Client, link: GuestLink, settings: Settings, stopped: bool
) -> None:
    data = encoded(textured(64, 48), "JPEG")
    half, size = len(data) // 2, len(data)
    send_part(guest, link, data[:half], 0, size)
    if stopped:
        finish_without_missing(UploadBatch.objects.get().id)
    answer = send_part(guest, link, data[:half], 0, size)
    link.refresh_from_db()
    assert (answer["received"], link.files, link.bytes) == (half, 1, size)
    if stopped:
        finish_without_missing(UploadBatch.objects.get().id)

    settings.PARTIAL_SECONDS = 0
    PartialCleaner().clean()
    link.refresh_from_db()
    assert (link.files, link.bytes) == (0, 0)

    answers = [send_part(guest, link, part, at, size) for part, at in ((data[:half], 0), (data[half:], half))]

    link.refresh_from_db()
    assert ([answer["received"] for answer in answers], link.files, link.bytes) == ([half, size], 1, size)
    assert Upload.objects.get().size == size


def test_part_beyond_the_limits_of_the_link_or_of_its_file_is_refused(guest: Client, link: GuestLink) -> None:
    assert "would exceed the link" in send_part(guest, link, b"x", 0, 2 * 10**6)["error"]

    answer = send_part(guest, link, bytes(20), 0, 10)

    assert (answer["done"], answer["message"] != "") == (True, True)
    assert BatchItem.objects.get().error_code == "file.changed"


@pytest.mark.parametrize("first", [1, 100])
def test_archive_in_parts_is_refused(guest: Client, link: GuestLink, first: int) -> None:
    data = b"PK\3\4" + bytes(200)

    send_part(guest, link, data[:first], 0, len(data), "Photos.zip")
    answer = send_part(guest, link, data[first:], first, len(data), "Photos.zip")

    assert "only photos and videos" in answer["message"]
    assert BatchItem.objects.get().error_code == "guest.type"


def test_sidecar_in_parts_with_forged_names_is_refused(guest: Client, link: GuestLink) -> None:
    data = xmp('xmp:Rating="1"').encode()
    size, first, path = len(data), 10, reverse("guest-upload", args=[link.token])
    # If names could contain NUL, both files would have the same fingerprint, computed from name, size and key.
    for name, key, stated, part, offset in [
        ("a.xmp", "1\0007\0guest 2", size, data[:first], 0),
        (f"a.xmp\0{size}\0guest 1", "2", 7, data[first:], first),
        ("a.xmp", "1\0007\0guest 2", size, data[first:], first),
    ]:
        fields = {"guest": "Ben", "name": name, "key": key, "size": stated, "offset": offset}
        guest.post(path, {**fields, "files": SimpleUploadedFile(name, part)})

    assert BatchItem.objects.get(size=size).error_code == "guest.type"


def test_names_of_parts_have_no_folders(guest: Client, link: GuestLink) -> None:
    fields = {"guest": "Ben", "name": "../../a.jpg", "size": 9, "key": "1", "offset": 0}
    part = SimpleUploadedFile("a.jpg", b"x")
    guest.post(reverse("guest-upload", args=[link.token]), {**fields, "files": part})

    assert BatchItem.objects.values_list("filename", "relative_path").get() == ("a.jpg", "a.jpg")


def test_file_in_parts_waits_while_the_disk_is_full_and_counts_once(
    guest: Client, link: GuestLink, settings: Settings
) -> None:
    data = encoded(textured(64, 48), "JPEG")
    half, size, reserve = len(data) // 2, len(data), settings.MIN_FREE_BYTES
    send_part(guest, link, data[:half], 0, size)

    settings.MIN_FREE_BYTES = 2**62
    errors = [send_part(guest, link, data[half:], half, size)["error"] for _ in range(2)]
    link.refresh_from_db()
    counted = link.files, link.bytes
    settings.MIN_FREE_BYTES = reserve
    answer = send_part(guest, link, data[half:], half, size)

    assert all("disk is full" in error for error in errors)
    assert counted == (1, size)
    assert (answer["done"], answer["message"], Upload.objects.get().size) == (True, "", size)


@pytest.mark.parametrize("limits", [{"MIN_FREE_BYTES": 2**62}, {"OWNER_BYTES": 1000}], ids=["disk", "quota"])
def test_file_in_parts_that_does_not_fit_leaves_nothing(
    guest: Client, link: GuestLink, settings: Settings, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]
) -> None:
    for name, value in limits.items():
        setattr(settings, name, value)
    monkeypatch.setattr(quota, "usage", quota.OwnerUsage())

    answer = send_part(guest, link, b"x", 0, 5000)

    assert answer == {"error": "The link owner's storage is full."}
    assert not UploadBatch.objects.exists()
    link.refresh_from_db()
    assert (link.files, link.bytes) == (0, 0)


def test_part_that_arrives_late_leaves_a_finished_file_unchanged(guest: Client, link: GuestLink) -> None:
    data = encoded(textured(64, 48), "JPEG")
    half, size = len(data) // 2, len(data)
    send_part(guest, link, data[:half], 0, size)
    item = BatchItem.objects.select_related("batch").get()  # read by another request, which finishes later
    send_part(guest, link, data[half:], half, size)

    forged = data[:-2] + b"\0\0"
    late = receive_part(item, FilePart(FileName("clip.jpg", size), 0, size, BytesIO(forged)))

    assert late.outcome is not None
    assert late.outcome.state == "queued"
    with open_original(Upload.objects.get().key, 0) as stored:
        assert stored.read(size + 1) == data


def test_guest_does_not_learn_that_the_owner_has_a_file(guest: Client, link: GuestLink) -> None:
    send(guest, link, picture(1))
    Upload.objects.update(processed_at=timezone.now())

    status, html = send(Client(), link, picture(1), name="Cleo")
    data = picture(1).read()
    answer = send_part(Client(), link, data, 0, len(data))

    assert (status, "1 file added." in html, answer["message"]) == (200, True, "")
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [("IMG_1.xmp", xmp('xmp:Rating="1"').encode()), ("Photos.zip", b"PK\3\4" + bytes(200))],
    ids=["sidecar", "archive"],
)
def test_sidecars_and_archives_of_guests_are_refused(guest: Client, link: GuestLink, name: str, data: bytes) -> None:
    status, html = send(guest, link, SimpleUploadedFile(name, data))

    assert (status, "1 file was not accepted." in html) == (200, True)
    assert BatchItem.objects.get().error_code == "guest.type"


def test_pictures_of_guests_are_not_matched_with_those_of_the_owner(guest: Client, link: GuestLink) -> None:
    send(guest, link, picture(1))

    assert BatchItem.objects.get().folder_key is None


def test_file_of_a_guest_leaves_the_same_picture_in_the_trash(guest: Client, link: GuestLink) -> None:
    send(guest, link, picture(1))
    Upload.objects.update(processed_at=timezone.now(), trashed_at=timezone.now())

    send(Client(), link, picture(1), name="Cleo")

    assert Upload.objects.get().trashed_at is not None
    assert BatchItem.objects.latest("id").result == ItemResult.DUPLICATE


def test_files_before_a_refused_one_are_kept_and_only_they_count(
    guest: Client, link: GuestLink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OWNER_BYTES = (picture(1).size or 0) * 3 // 2
    monkeypatch.setattr(quota, "usage", quota.OwnerUsage())

    status, html = send(guest, link, picture(1), picture(2))

    assert (status, "1 file added." in html, "link owner&#x27;s storage is full" in html) == (409, True, True)
    assert "already used" not in html
    link.refresh_from_db()
    assert (link.files, link.bytes) == (1, Upload.objects.get().size)
    assert guest.session["guest_batches"] == {str(link.pk): UploadBatch.objects.get().id}


def test_file_does_not_count_if_the_disk_is_full(guest: Client, link: GuestLink, settings: Settings) -> None:
    settings.MIN_FREE_BYTES = 2**62

    send(guest, link, picture(1))

    link.refresh_from_db()
    assert (BatchItem.objects.get().error_code, link.files, link.bytes) == ("storage.full", 0, 0)


@pytest.mark.django_db(transaction=True)
async def test_server_accepts_large_bodies_only_for_links_that_work(link: GuestLink) -> None:
    head = RequestHead("203.0.113.7", f"/g/{link.token}/", {})
    assert await check_sender(head) is None

    await sync_to_async(revoke)(link)

    refusal = await check_sender(head)
    assert refusal is not None
    assert refusal.status == HTTPStatus.NOT_FOUND


def test_owner_creates_and_revokes_links(page: Client, guest: Client) -> None:
    url = reverse("guest-links")
    page.post(url, {"name": "Party", "days": 0, "max_files": 10, "gigabytes": 1})
    assert not GuestLink.objects.exists()

    html = page.post(url, {"name": "Party", "days": 7, "max_files": 10, "gigabytes": 1}, follow=True).content.decode()

    link = GuestLink.objects.get()
    assert f"http://testserver/g/{link.token}/" in html
    page.post(reverse("guest-link-revoke"), {"link": "9" * 5000})
    page.post(reverse("guest-link-revoke"), {"link": link.pk})
    assert guest.get(reverse("guest-upload", args=[link.token])).status_code == 404
