"""A share link shows only its album. Pages and files under a closed or unknown link return 404."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.albums.conftest import make_picture
from tests.support.html import compact
from uploads.models import Album, PartRole, ShareLink, Upload
from uploads.shares import create_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    """A client that is not signed in."""
    return Client()


def link_paths(link: ShareLink, upload: Upload) -> dict[str, str]:
    """Return the paths of the pages and files under a share link, keyed by name."""
    token = link.token
    return {
        "album": reverse("shared-album", args=[token]),
        "picture": reverse("shared-picture", args=[token, upload.id]),
        "preview": reverse("shared-preview", args=[token, upload.id, 320]),
        "original": reverse("shared-original", args=[token, upload.id]),
        "download": reverse("shared-download", args=[token]),
    }


def visit(client: Client, link: ShareLink, upload: Upload) -> dict[str, int]:
    """Request each path in `link_paths`; return the statuses, keyed by the path's name."""
    paths = link_paths(link, upload)
    return {name: (client.post if name == "download" else client.get)(path).status_code for name, path in paths.items()}


def read(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)

    async def join() -> bytes:
        return b"".join([chunk async for chunk in aiter(response)])

    return async_to_sync(join)()


ALL = ("album", "picture", "preview", "original", "download")
CLOSED = dict.fromkeys(ALL, 404)
WITHOUT_ORIGINALS = {"album": 200, "picture": 200, "preview": 200, "original": 404, "download": 404}
CLOSING: dict[str, Callable[[ShareLink], object]] = {
    "expired": lambda link: ShareLink.objects.update(expires_at=timezone.now()),
    "revoked": lambda link: ShareLink.objects.update(revoked_at=timezone.now()),
    "owner deactivated": lambda link: User.objects.update(is_active=False),
    "album deleted": lambda link: link.album.delete(),
}


def test_link_shows_the_album_without_originals_and_counts_views(
    visitor: Client, page: Client, link: ShareLink, pictures: list[Upload]
) -> None:
    assert visit(visitor, link, pictures[0]) == WITHOUT_ORIGINALS

    visitor.get(link_paths(link, pictures[0])["album"])
    page.get(link_paths(link, pictures[0])["album"])  # views by the owner are not counted

    assert ShareLink.objects.get().views == 2


@pytest.mark.parametrize("reason", CLOSING)
def test_closed_link_is_not_found(visitor: Client, link: ShareLink, pictures: list[Upload], reason: str) -> None:
    ShareLink.objects.update(allows_originals=True)
    assert set(visit(visitor, link, pictures[0]).values()) == {200}

    CLOSING[reason](link)

    assert visit(visitor, link, pictures[0]) == CLOSED


def test_unknown_token_is_not_found(visitor: Client, link: ShareLink, pictures: list[Upload]) -> None:
    link.token = link.token[:-1] + ("A" if link.token[-1] != "A" else "B")

    assert visit(visitor, link, pictures[0]) == CLOSED


def test_picture_outside_the_album_or_in_the_trash_is_not_found(
    visitor: Client, anna: User, link: ShareLink, pictures: list[Upload]
) -> None:
    ShareLink.objects.update(allows_originals=True)
    outside = make_picture(anna, 9)
    Upload.objects.filter(id=pictures[0].id).update(trashed_at=timezone.now())

    for upload in (outside, pictures[0]):
        found = visit(visitor, link, upload)
        assert [found[name] for name in ("picture", "preview", "original")] == [404, 404, 404]
    album = visitor.get(link_paths(link, outside)["album"]).content.decode()
    assert link_paths(link, pictures[1])["picture"] in album
    assert link_paths(link, pictures[0])["picture"] not in album


def test_pictures_link_to_their_neighbours_in_the_album(
    visitor: Client, link: ShareLink, pictures: list[Upload]
) -> None:
    first, second = (link_paths(link, upload)["picture"] for upload in pictures)

    links = [
        re.findall(r'rel="(prev|next)" href="([^"]+)"', visitor.get(path).content.decode()) for path in (first, second)
    ]

    assert links == [[("next", second)], [("prev", first)]]


@pytest.mark.parametrize("allows_originals", [False, True])
def test_pages_contain_neither_descriptions_nor_file_names(
    visitor: Client, link: ShareLink, pictures: list[Upload], allows_originals: bool
) -> None:
    ShareLink.objects.update(allows_originals=allows_originals)
    photo, video = (upload.id for upload in pictures)
    Upload.objects.update(filename="passport.jpg", description="Grandma", description_edited=True)
    Upload.objects.filter(id=video).update(kind="video", mime_type="video/mp4", metadata={"codec": "h264"})
    paths = [reverse("shared-album", args=[link.token])]
    paths += [reverse("shared-picture", args=[link.token, upload_id]) for upload_id in (photo, video)]

    pages = [visitor.get(path).content.decode() for path in paths]

    assert not re.findall("passport|Grandma", "".join(pages))
    found = [re.findall(r'(?:alt|<video[^>]* aria-label)="([^"]*)"', html) for html in pages]
    assert found == [["Picture 1", "Video 2"], ["Picture 1"], ["Video 2"]]


def test_picture_without_preview_is_shown_without_its_file_name(
    visitor: Client, link: ShareLink, pictures: list[Upload]
) -> None:
    Upload.objects.update(previews={}, filename="passport.jpg")

    html = visitor.get(reverse("shared-album", args=[link.token])).content.decode()

    assert re.findall(r'class="thumb">([^<]*)<', html) == ["Picture 1", "Picture 2"]
    assert "passport" not in html


def test_positions_continue_on_the_second_page(
    visitor: Client, link: ShareLink, pictures: list[Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uploads.views.albums.PICTURES_PER_PAGE", 1)

    html = visitor.get(reverse("shared-album", args=[link.token]), {"page": 2}).content.decode()

    assert re.findall(r'alt="([^"]*)"', html) == ["Picture 2"]


def test_originals_are_sent_if_the_link_allows_it(
    visitor: Client, page: Client, anna: User, album: Album, link: ShareLink, pictures: list[Upload]
) -> None:
    ShareLink.objects.update(allows_originals=True)
    film, trashed = make_picture(anna, 3), make_picture(anna, 4)
    Upload.objects.filter(id__in=[film.id, trashed.id]).update(part_of=pictures[0], part_role=PartRole.LIVE)
    Upload.objects.filter(id=trashed.id).update(trashed_at=timezone.now())
    paths = link_paths(link, pictures[0])

    original, archive = visitor.get(paths["original"]), visitor.post(paths["download"])

    assert read(original) == b"original"
    assert original["Content-Disposition"].startswith("attachment")
    names = [*(f"IMG_000{number}.JPG" for number in (1, 2, 3)), "SHA256SUMS.txt"]
    assert ZipFile(BytesIO(read(archive))).namelist() == names
    own = page.post(reverse("album-download", args=[album.id]))
    assert isinstance(own, StreamingHttpResponse)
    assert ZipFile(BytesIO(read(own))).namelist() == names


def test_videos_are_played_only_if_the_link_allows_originals(
    visitor: Client, link: ShareLink, pictures: list[Upload]
) -> None:
    Upload.objects.update(kind="video", mime_type="video/mp4", metadata={"codec": "h264"})
    paths = link_paths(link, pictures[0])

    without = visitor.get(paths["picture"]).content.decode()
    ShareLink.objects.update(allows_originals=True)
    allowed = visitor.get(paths["picture"]).content.decode()

    assert ("<video" in without, "This link shows only a still picture of each video." in without) == (False, True)
    assert f'<video controls preload="none" src="{paths["original"]}"' in allowed


def test_zoomed_preview_is_not_created_for_visitors(visitor: Client, link: ShareLink, pictures: list[Upload]) -> None:
    assert visitor.get(reverse("shared-preview", args=[link.token, pictures[0].id, 2560])).status_code == 404


def test_password_opens_the_album_for_one_session_only(visitor: Client, album: Album, pictures: list[Upload]) -> None:
    link = create_link(album, timezone.now() + timedelta(days=1), "olá", allows_originals=True)
    assert visit(visitor, link, pictures[0]) == {**CLOSED, "album": 200}
    asked = compact(visitor.get(link_paths(link, pictures[0])["album"]).content.decode())
    assert "This album is password-protected" in asked
    assert "Lisbon" not in asked
    unlock = reverse("shared-unlock", args=[link.token])

    wrong = visitor.post(unlock, {"password": "ola"})
    right = visitor.post(unlock, {"password": "olá"}, follow=True)

    assert (wrong.status_code, "The password is incorrect." in wrong.content.decode()) == (403, True)
    assert "Lisbon" in right.content.decode()
    assert set(visit(visitor, link, pictures[0]).values()) == {200}
    assert visit(Client(), link, pictures[0]) == {**CLOSED, "album": 200}


def test_passwords_cannot_be_guessed_for_long(visitor: Client, album: Album, pictures: list[Upload]) -> None:
    link = create_link(album, timezone.now() + timedelta(days=1), "olá", allows_originals=False)
    unlock = reverse("shared-unlock", args=[link.token])

    answers = [visitor.post(unlock, {"password": f"guess {number}"}).status_code for number in range(10)]
    late = visitor.post(unlock, {"password": "olá"})

    assert answers == [*[403] * 9, 429]
    assert late.status_code == 429
    assert visit(visitor, link, pictures[0]) == {**CLOSED, "album": 200}


def test_no_answer_is_indexed_cached_or_names_the_link_to_others(
    visitor: Client, link: ShareLink, pictures: list[Upload]
) -> None:
    ShareLink.objects.update(allows_originals=True)

    for name, path in link_paths(link, pictures[0]).items():
        answer = (visitor.post if name == "download" else visitor.get)(path)
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"].startswith("private, no-")


def test_owner_creates_and_revokes_links_on_the_page(page: Client, visitor: Client, album: Album) -> None:
    url = reverse("album-share", args=[album.id])
    page.post(url, {"days": "1000"})
    assert not ShareLink.objects.exists()

    html = page.post(url, {"days": "7", "password": "x", "originals": "1"}, follow=True).content.decode()

    link = ShareLink.objects.get()
    assert f"http://testserver/s/{link.token}/" in html
    assert (link.allows_originals, link.password.startswith(("pbkdf2", "md5", "argon2"))) == (True, True)
    assert timedelta(days=6) < link.expires_at - timezone.now() < timedelta(days=8)
    page.post(reverse("album-revoke", args=[album.id, link.id]))
    assert visitor.get(reverse("shared-album", args=[link.token])).status_code == 404
