"""Pictures can be moved to the trash, restored with all of their files, and deleted permanently."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches import services
from batches.engine.delete_pictures import delete_pictures
from batches.engine.empty_trash import delete_expired_trash
from batches.intake.quota import count_bytes
from batches.services import owner_scope, trash
from tests.support.batches import make_upload
from tests.support.html import compact
from tests.support.users import make_user
from uploads.models import PartRole, Upload
from uploads.trash import move_to_trash, trashed_pictures

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner")


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def make_pictures(owner: User, count: int = 3) -> list[Upload]:
    """Create processed pictures; the last one is a part of the one before it."""
    pictures = [make_upload(owner, number) for number in range(count)]
    Upload.objects.update(processed_at=timezone.now())
    Upload.objects.filter(id=pictures[-1].id).update(part_of=pictures[-2], part_role=PartRole.LIVE)
    return pictures


def in_trash() -> set[int]:
    return set(Upload.objects.filter(trashed_at__isnull=False).values_list("id", flat=True))


def trash_days_ago(days: float, *uploads: Upload) -> None:
    with transaction.atomic():
        move_to_trash([upload.id for upload in uploads], timezone.now() - timedelta(days=days))


def post(page: Client, name: str, *uploads: Upload, **fields: str) -> str:
    """Submit a form to the URL called `name` with `uploads` selected; return the next page."""
    answer = page.post(reverse(name), {"picture": [upload.id for upload in uploads], **fields}, follow=True)
    assert answer.status_code == 200
    return compact(answer.content.decode())


def test_picture_moves_with_its_parts_and_undo_brings_back_this_command_only(page: Client, owner: User) -> None:
    other, main, part = make_pictures(owner)
    post(page, "upload-trash", other)

    html = post(page, "upload-trash", main)

    assert "1 picture moved to the trash." in html
    assert in_trash() == {other.id, main.id, part.id}
    assert list(trashed_pictures(owner.id).order_by("id")) == [other, main]
    at = Upload.objects.values_list("trashed_at", flat=True).get(id=main.id)
    assert at
    undo = f"{reverse('trash-undo')}?{urlencode({'at': at.isoformat()})}"
    assert f'action="{undo}"' in html
    assert "Restored." in page.post(undo, follow=True).content.decode()
    assert in_trash() == {other.id}


def test_restored_part_brings_its_picture_back(page: Client, owner: User) -> None:
    _, main, part = make_pictures(owner)
    trash_days_ago(1, main)

    post(page, "trash-restore", part)

    assert in_trash() == set()


def test_part_in_the_trash_alone_is_listed(owner: User) -> None:
    *_, part = make_pictures(owner)

    trash_days_ago(1, part)

    assert in_trash() == {part.id}
    assert trashed_pictures(owner.id).get() == part


def test_library_and_its_pages_leave_out_the_trash(page: Client, owner: User) -> None:
    shown, gone, _ = make_pictures(owner)
    trash_days_ago(1, gone)

    html = page.get(reverse("upload-list")).content.decode()
    trash = page.get(reverse("trash")).content.decode()

    assert (shown.filename in html, gone.filename in html) == (True, False)
    assert (shown.filename in trash, gone.filename in trash) == (False, True)
    assert count_bytes(owner.id) == sum(Upload.objects.values_list("size", flat=True))


def test_picture_is_opened_among_the_pictures_in_the_trash(page: Client, owner: User) -> None:
    pictures = [make_upload(owner, number) for number in range(4)]
    Upload.objects.update(processed_at=timezone.now())
    for days, upload in enumerate(pictures[:3], start=1):
        trash_days_ago(days, upload)
    newest, middle, oldest, _ = pictures

    html = compact(page.get(f"/library/{middle.id}/?in=trash").content.decode())

    assert 'id="back" href="/trash/"' in html
    links = re.findall(r'rel="(prev|next)"[^>]* href="/library/(\d+)/\?in=trash"', html)
    assert links == [("prev", str(newest.id)), ("next", str(oldest.id))]


def test_trash_is_emptied_after_its_days(owner: User) -> None:
    kept, main, _ = make_pictures(owner)
    trash_days_ago(29, kept)
    trash_days_ago(31, main)

    assert delete_expired_trash() == 2

    assert Upload.objects.get() == kept
    assert delete_expired_trash() == 0


def test_picture_restored_in_the_meantime_is_not_deleted(owner: User) -> None:
    _, main, part = make_pictures(owner)
    trash_days_ago(31, main)
    services.restore_pictures(owner_scope(owner), [main.id])

    assert delete_pictures([main.id, part.id], timezone.now()) == 0


def test_only_the_trash_is_deleted_for_good_after_confirmation(page: Client, owner: User) -> None:
    shown, gone, _ = make_pictures(owner)
    trash_days_ago(1, gone)

    assert "Permanently delete this picture?" in post(page, "trash-delete", gone, shown)
    assert Upload.objects.count() == 3
    html = post(page, "trash-delete", gone, shown, confirmed="1")

    assert "2 files permanently deleted." in html
    assert Upload.objects.get() == shown


def test_emptied_trash_is_empty_at_once_and_only_the_owners(page: Client, owner: User) -> None:
    _, gone, _ = make_pictures(owner)
    others = make_upload(make_user("ben"), 1)
    trash_days_ago(1, gone, others)

    assert "Permanently delete the picture in the trash?" in post(page, "trash-empty")
    until = timezone.now().isoformat()
    assert "The trash is empty" in post(page, "trash-empty", confirmed="1", until=until)

    assert not trashed_pictures(owner.id).exists()
    assert delete_expired_trash() == 2
    assert Upload.objects.filter(id=others.id).exists()


def test_picture_trashed_after_the_confirmation_was_shown_is_kept(
    page: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "CHUNK", 1)
    later, main, _ = make_pictures(owner)
    trash_days_ago(1, main)
    until = re.search(r'name="until" value="([^"]+)"', post(page, "trash-empty"))
    assert until
    trash_days_ago(0, later)

    assert "Permanently delete all" in post(page, "trash-empty", confirmed="1")
    post(page, "trash-empty", confirmed="1", until=until[1])

    assert list(trashed_pictures(owner.id)) == [later]
    assert delete_expired_trash() == 2


def test_undo_of_many_pictures_with_several_parts_restores_all(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    *parts, first, second = [make_upload(owner, number) for number in range(8)]
    Upload.objects.filter(id__in=[part.id for part in parts]).update(part_of=first, part_role=PartRole.BURST)
    _, at = services.trash_pictures(owner_scope(owner), [first.id, second.id])
    monkeypatch.setattr(trash, "MAX_PICTURES", 2)

    assert services.undo_trash(owner_scope(owner), at) == 2

    assert in_trash() == set()


def test_buttons_return_to_the_page_they_were_on_and_to_no_other_site(page: Client, owner: User) -> None:
    upload, *_ = make_pictures(owner)
    ids = {"picture": upload.id}

    near = page.post(reverse("upload-trash"), {**ids, "next": reverse("near-duplicates")})
    others = [page.post(reverse("upload-trash"), {**ids, "next": url}) for url in ("https://example.org/", "nowhere")]

    assert near["Location"] == reverse("near-duplicates")
    assert [other["Location"] for other in others] == [reverse("upload-list")] * 2


@pytest.mark.parametrize(
    ("ids", "text"), [([], "No pictures selected."), (range(1, 2300), "Select up to 2,000 pictures at a time.")]
)
def test_odd_selections_are_explained(page: Client, ids: list[int], text: str) -> None:
    answer = page.post(reverse("upload-trash"), {"picture": [*ids, "x", "-1", "9" * 30]}, follow=True)

    assert text in answer.content.decode()
