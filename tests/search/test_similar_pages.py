"""Pages of similar pictures and of near duplicates."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.search.conftest import MakePicture
from tests.support.batches import make_upload
from tests.support.html import compact
from tests.support.users import make_user
from uploads.analysis.picture_code import FEATURES
from uploads.models import Appearance, NearDuplicate, Upload
from uploads.similar.neighbours import similar_pictures


@pytest.fixture
def page(client: Client, anna: User) -> Client:
    """A client signed in as Anna."""
    client.force_login(anna)
    return client


@pytest.fixture
def pair(anna: User, make_picture: MakePicture) -> list[Upload]:
    """Two of Anna's pictures that are near duplicates; the second is the better one."""
    pair = [make_picture("a cat", width=400, height=300), make_picture("a cat", width=4000, height=3000)]
    NearDuplicate.objects.create(owner=anna, first=pair[0], second=pair[1])
    return pair


def look(upload: Upload, *numbers: float) -> None:
    """Give a picture features that begin with `numbers` and continue with zeros."""
    features = [*numbers, *[0.0] * (FEATURES - len(numbers))]
    Appearance.objects.create(upload=upload, owner_id=upload.owner_id, code=b"", features=features)


def test_similar_pictures_show_and_look_like_the_picture(make_picture: MakePicture) -> None:
    cat, other_look, same_look, invoice = (make_picture(shows) for shows in ("a cat", "a cat", "a cat", "an invoice"))
    make_picture("a cat", owner=make_user("ben"))
    make_picture("a cat", part_of=cat, part_role="burst")
    for upload, numbers in ((cat, (1, 0)), (other_look, (0, 1)), (same_look, (1, 0))):
        look(upload, *numbers)

    assert similar_pictures(cat) == [same_look, other_look, invoice]


def test_similar_page_links_the_pictures(page: Client, make_picture: MakePicture) -> None:
    cat, kitten = make_picture("a cat"), make_picture("a kitten")

    address = reverse("upload-similar", args=[cat.id])
    html = page.get(address).content.decode()
    aside = page.get(address, headers={"HX-Request": "true"}).content.decode()

    link = f'href="{reverse("upload-detail", args=[kitten.id])}?in=similar%3A{cat.id}"'
    assert (link in html, 'name="picture"' in html) == (True, True)
    assert (link in aside, 'name="picture"' in aside) == (True, False)


def test_group_selects_all_but_the_best_for_deletion(page: Client, pair: list[Upload]) -> None:
    html = compact(page.get(reverse("near-duplicates")).content.decode())

    assert "1 group of pictures" in html
    worse, best = (f'autocomplete="off" aria-label="Delete {upload.filename}"' for upload in pair)
    assert f"{worse} checked" in html
    assert best in html
    assert f"{best} checked" not in html


def test_kept_picture_is_marked_and_not_selected(page: Client, pair: list[Upload], make_picture: MakePicture) -> None:
    page.post(reverse("near-duplicates-keep"), {"id": [upload.id for upload in pair]})
    copy = make_picture("a cat", width=200, height=150)
    for upload in pair:
        NearDuplicate.objects.create(owner_id=upload.owner_id, first=upload, second=copy)

    html = compact(page.get(reverse("near-duplicates")).content.decode())

    checked = [f'Delete {upload.filename}" checked' in html for upload in (*pair, copy)]
    assert checked == [False, False, True]
    assert html.count("<b>Kept</b>") == 2


def test_large_group_says_how_many_pictures_follow(page: Client, anna: User) -> None:
    first, *others = [make_upload(anna, number) for number in range(1, 53)]
    Upload.objects.update(processed_at=timezone.now())
    NearDuplicate.objects.bulk_create(NearDuplicate(owner=anna, first=first, second=other) for other in others)

    html = page.get(reverse("near-duplicates")).content.decode()

    assert ("2 more pictures of this group follow." in html, "Keep these" in html) == (True, True)


def test_deletion_returns_to_the_near_duplicates(page: Client, pair: list[Upload]) -> None:
    url = reverse("near-duplicates")
    assert f'<input type="hidden" name="next" value="{url}">' in compact(page.get(url).content.decode())

    answer = page.post(reverse("upload-trash"), {"picture": pair[0].id, "next": url}, follow=True)

    assert "No near duplicates" in answer.content.decode()
    assert list(Upload.objects.filter(trashed_at=None)) == [pair[1]]


def test_kept_group_disappears(page: Client, pair: list[Upload]) -> None:
    page.post(reverse("near-duplicates-keep"), {"id": [upload.id for upload in pair]})

    assert "No near duplicates" in page.get(reverse("near-duplicates")).content.decode()
