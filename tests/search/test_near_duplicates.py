"""Near duplicates are found in the background and listed best first. Kept ones are listed again only with new ones."""

from itertools import combinations

import numpy as np
import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from PIL import Image

from tests.support.batches import make_upload
from tests.support.users import make_user
from tests.support.waiting import wait_until
from uploads.analysis.picture_code import FEATURES, picture_code
from uploads.models import Appearance, NearDuplicate, SearchTerm, Upload
from uploads.similar import indexing
from uploads.similar.due import index_due_pictures
from uploads.similar.groups import keep_all, list_groups
from uploads.storage.file_deletion import delete_uploads


def picture(owner: User, number: int, looks: int, **facts: object) -> Upload:
    """Create a processed picture that is due for indexing. Pictures with the same `looks` are near duplicates."""
    generator = np.random.default_rng(looks)
    upload = make_upload(owner, number)
    Upload.objects.filter(id=upload.id).update(processed_at=timezone.now(), **facts)
    features = generator.random(FEATURES)
    features /= np.linalg.norm(features)
    image = Image.fromarray(generator.integers(0, 255, (8, 9, 3), np.uint8))
    Appearance.objects.create(
        upload=upload,
        owner=owner,
        code=picture_code(image, tuple(features.tolist())),
        features=features.tolist(),
        due_at=timezone.now(),
    )
    return upload


def groups(owner: User) -> list[list[int]]:
    return [[upload.id for upload in group.pictures] for group in list_groups(owner.id, 1)[0]]


def test_near_duplicates_are_grouped_with_the_best_first(anna: User) -> None:
    small = picture(anna, 1, 1, width=400, height=300)
    large = picture(anna, 2, 1, width=4000, height=3000)
    described = picture(anna, 3, 1, width=400, height=300, camera="Pixel 8")
    picture(anna, 4, 2)
    picture(make_user("ben"), 5, 1)

    assert index_due_pictures() == 5

    assert groups(anna) == [[large.id, described.id, small.id]]
    assert index_due_pictures() == 0


def test_picture_indexed_later_is_compared_with_earlier_ones(anna: User) -> None:
    first = picture(anna, 1, 1)
    index_due_pictures()
    second = picture(anna, 2, 1)
    index_due_pictures()

    assert [sorted(group) for group in groups(anna)] == [[first.id, second.id]]


def test_pictures_are_indexed_in_chunks(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "CHUNK", 2)
    monkeypatch.setattr(indexing, "MAX_INDEXED", 3)
    for number in range(1, 6):
        picture(anna, number, 1)

    assert [index_due_pictures() for _ in range(3)] == [3, 2, 0]
    assert NearDuplicate.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_pictures_stay_due_while_another_process_is_indexing(anna: User) -> None:
    picture(anna, 1, 1)
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [indexing.LOCK])
        assert index_due_pictures() == 0
        assert Appearance.objects.filter(due_at__isnull=False).count() == 1

    wait_until(lambda: index_due_pictures() == 1)


def test_kept_pictures_are_not_listed_without_new_ones(anna: User) -> None:
    uploads = [picture(anna, number, 1) for number in (1, 2, 3)]
    index_due_pictures()

    assert keep_all(anna.id, [upload.id for upload in uploads])
    Appearance.objects.update(due_at=timezone.now())
    index_due_pictures()

    assert groups(anna) == []


def test_kept_pictures_are_compared_with_new_ones(anna: User) -> None:
    kept = [picture(anna, number, 1) for number in (1, 2)]
    index_due_pictures()
    keep_all(anna.id, [upload.id for upload in kept])
    new = picture(anna, 3, 1)
    index_due_pictures()

    assert [sorted(group) for group in groups(anna)] == [[kept[0].id, kept[1].id, new.id]]


def test_kept_pictures_are_not_selected_with_a_new_one(anna: User) -> None:
    large, small = picture(anna, 1, 1, width=4000, height=3000), picture(anna, 2, 1, width=800, height=600)
    index_due_pictures()
    keep_all(anna.id, [large.id, small.id])
    new = picture(anna, 3, 1, width=400, height=300)
    index_due_pictures()

    [group] = list_groups(anna.id, 1)[0]
    assert group.pictures == [large, small, new]
    assert group.kept == {large.id, small.id}
    assert group.selected == [new]


def test_kept_picture_is_selected_if_it_was_kept_with_one_of_another_group(anna: User) -> None:
    one, two, three, four, five, six = [make_upload(anna, number) for number in range(1, 7)]
    Upload.objects.update(processed_at=timezone.now())
    for first, second in ((one, three), (three, five), (two, four), (four, six)):
        NearDuplicate.objects.create(owner=anna, first=first, second=second)
    keep_all(anna.id, [three.id, four.id])

    # The largest file is the best, so the others are selected.
    assert [group.selected for group in list_groups(anna.id, 1)[0]] == [[four, two], [three, one]]


def test_kept_picture_is_not_selected_if_its_large_group_leaves_the_other_one_out(anna: User) -> None:
    first, *others = [make_upload(anna, number) for number in range(1, 53)]
    Upload.objects.update(processed_at=timezone.now())
    NearDuplicate.objects.bulk_create(NearDuplicate(owner=anna, first=first, second=other) for other in others)
    keep_all(anna.id, [others[0].id, others[-2].id])

    [group] = list_groups(anna.id, 1)[0]
    assert others[0] not in group.pictures
    assert group.selected == [*others[-3:1:-1], first]


def test_large_group_is_kept_in_steps(anna: User) -> None:
    uploads = [make_upload(anna, number) for number in range(1, 61)]
    Upload.objects.update(processed_at=timezone.now())
    NearDuplicate.objects.bulk_create(
        NearDuplicate(owner=anna, first=first, second=second) for first, second in combinations(uploads, 2)
    )

    shown: set[int] = set()
    for _step in range(3):
        [group] = groups(anna)
        shown.update(group)
        keep_all(anna.id, group)

    assert groups(anna) == []
    assert shown == {upload.id for upload in uploads}


def test_pictures_of_others_cannot_be_kept(anna: User) -> None:
    uploads = [picture(anna, number, 1) for number in (1, 2)]
    index_due_pictures()

    assert not keep_all(make_user("ben").id, [upload.id for upload in uploads])

    assert len(groups(anna)) == 1


def test_deleted_picture_leaves_its_group(anna: User) -> None:
    uploads = [picture(anna, number, 1) for number in (1, 2)]
    index_due_pictures()

    delete_uploads([uploads[0].id])

    assert groups(anna) == []
    assert not NearDuplicate.objects.exists()


def test_terms_of_a_picture_are_added_once(anna: User) -> None:
    facts = {"labels": [{"name": "tabby cat", "score": 0.9}], "keywords": ["holiday"], "camera": "Pixel 8"}
    for number in (1, 2):
        picture(anna, number, number, place="Lisbon, Portugal", **facts)
    index_due_pictures()

    terms = SearchTerm.objects.filter(owner=anna).order_by("kind").values_list("kind", "text")
    assert list(terms) == [
        ("camera", "Pixel 8"),
        ("keyword", "holiday"),
        ("label", "tabby cat"),
        ("place", "Lisbon, Portugal"),
    ]
