"""Owners change dates, places, labels and descriptions. Processing keeps these changes, and owners can undo them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches import services
from batches.engine import lifecycle
from batches.engine.refusals import Refused
from batches.models import UploadBatch
from batches.services import owner_scope
from tests.engine.sidecar_files import open_batch, takeout
from tests.support.imports import finish_all, queue_picture, send_sidecar
from tests.support.users import make_user
from uploads.analysis.base import Label
from uploads.models import Upload
from uploads.sidecars.own_edits import (
    ARCHIVED,
    LOCATION,
    TIME,
    Change,
    set_archived,
    set_date,
    set_location,
    set_zone,
    shift_time,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
SHOWN = ("taken_at", "utc_offset", "taken_source", "latitude", "longitude", "place", "archived", "sidecars", "words")
CAT, DOG = Label("cat", 0.9), Label("dog", 0.4)


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """An import of three pictures: one with a sidecar, one with the date in its name, and one with neither."""
    batch = open_batch(owner)
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(archived=True))
    for name in ("IMG_1.jpg", "IMG_20200101_120000.jpg", "scan.jpg"):
        queue_picture(batch, f"a/{name}")
    finish_all(batch, latitude=38.7, longitude=-9.1, labels=(CAT, DOG))
    return batch


def rows() -> list[dict[str, Any]]:
    return list(Upload.objects.order_by("id").values(*SHOWN))


def process_again(batch: UploadBatch, **result: Any) -> None:
    """Re-analyse an import, and complete all items of the re-analysis with the values in `result`."""
    lifecycle.seal_batch(batch.id)
    reanalysis = services.reanalyse_batch(owner_scope(batch.owner), batch.id)
    finish_all(UploadBatch.objects.get(id=reanalysis), labels=(CAT, DOG), **result)


def edit(owner: User, key: str, change: Change | None, *pictures: Upload) -> services.EditResult:
    """Change the value `key` of `pictures`, or of all pictures if none are given. Without a `change`, restore it."""
    ids = {upload.id for upload in pictures or Upload.objects.all()}
    return services.edit_pictures(owner_scope(owner), ids, key, change)


changes = st.one_of(
    st.tuples(st.just(TIME), st.builds(shift_time, st.timedeltas(timedelta(days=-9999), timedelta(days=9999)))),
    st.tuples(st.just(TIME), st.just(set_zone(UTC))),
    st.tuples(st.just(TIME), st.builds(set_date, st.dates(), st.none() | st.times())),
    st.tuples(st.just(LOCATION), st.builds(set_location, st.floats(-90, 90), st.floats(-180, 180))),
    st.tuples(st.just(LOCATION), st.just(set_location(None, None))),
    st.tuples(st.just(ARCHIVED), st.builds(set_archived, st.booleans())),
    st.tuples(st.sampled_from([TIME, LOCATION, ARCHIVED]), st.none()),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(changes, min_size=1, max_size=5))
def test_undoing_all_edits_restores_every_value(
    owner: User, batch: UploadBatch, edits: list[tuple[str, Change | None]]
) -> None:
    before, done = rows(), []
    for key, change in edits:
        done.append((rows(), edit(owner, key, change).edit_id))

    for shown, edit_id in reversed(done):
        if edit_id is not None:
            services.undo_edit(owner_scope(owner), edit_id)
        assert rows() == shown
    assert rows() == before


def test_own_values_win_over_later_sidecars_and_analyses(owner: User, batch: UploadBatch) -> None:
    edit(owner, TIME, set_date(date(1999, 1, 1), None))
    edit(owner, LOCATION, set_location(48.14, 11.58))
    edit(owner, ARCHIVED, set_archived(False))
    edited = [row | {"sidecars": None} for row in rows()]

    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(archived=True))
    process_again(batch, taken_at=datetime(2020, 1, 1, tzinfo=UTC), latitude=1.0, longitude=1.0)

    assert [row | {"sidecars": None} for row in rows()] == edited
    assert {row["place"] for row in rows()} == {"Munich, Germany"}
    edit(owner, TIME, None)
    assert [row["taken_source"] for row in rows()] == ["sidecar", "exif", "exif"]


def test_pictures_without_a_date_are_counted_as_skipped(owner: User, batch: UploadBatch) -> None:
    result = edit(owner, TIME, shift_time(timedelta(hours=1)))

    assert (result.changed, result.skipped) == (2, 1)
    assert edit(owner, LOCATION, None).edit_id is None


def test_undo_keeps_what_was_changed_again(owner: User, batch: UploadBatch) -> None:
    second = Upload.objects.order_by("id")[1]
    edit_id = edit(owner, ARCHIVED, set_archived(True)).edit_id
    edit(owner, ARCHIVED, set_archived(False), second)

    assert edit_id
    assert services.undo_edit(owner_scope(owner), edit_id) == 2
    assert Upload.objects.get(id=second.id).sidecars["edits"] == {"archived": False}
    with pytest.raises(services.NotFound):
        services.undo_edit(owner_scope(owner), edit_id)


def test_parts_follow_their_picture(owner: User) -> None:
    batch = open_batch(owner)
    picture, _ = queue_picture(batch, "a/IMG_1.HEIC"), queue_picture(batch, "a/IMG_1.DNG")
    finish_all(batch, taken_at=NOON)

    result = edit(owner, TIME, shift_time(timedelta(hours=1)), picture)

    assert (result.changed, {row["taken_at"] for row in rows()}) == (1, {NOON + timedelta(hours=1)})


def test_pictures_of_others_are_neither_changed_nor_restored(owner: User, batch: UploadBatch) -> None:
    stranger, before = make_user("stranger"), rows()

    assert edit(stranger, ARCHIVED, set_archived(True)).changed == 0
    for command in (services.remove_label, services.restore_label, services.edit_description):
        with pytest.raises(services.NotFound):
            command(owner_scope(stranger), Upload.objects.earliest("id").id, "cat")
    assert rows() == before
    edit_id = edit(owner, ARCHIVED, set_archived(True)).edit_id
    assert edit_id
    with pytest.raises(services.NotFound):
        services.undo_edit(owner_scope(stranger), edit_id)


def test_too_many_pictures_are_refused(owner: User) -> None:
    with pytest.raises(Refused, match="2,000"):
        services.edit_pictures(owner_scope(owner), set(range(services.MAX_PICTURES + 1)), ARCHIVED, set_archived(True))


def test_removed_label_stays_removed_until_it_is_restored(owner: User, batch: UploadBatch) -> None:
    upload, scope = Upload.objects.earliest("id"), owner_scope(owner)

    services.remove_label(scope, upload.id, "cat")
    process_again(batch)

    assert names(upload) == ["dog"]
    assert not Upload.objects.filter(id=upload.id, words="cat").exists()
    services.restore_label(scope, upload.id, "cat")
    assert names(upload) == ["cat", "dog"]
    assert Upload.objects.filter(id=upload.id, words="cat").exists()


def names(upload: Upload) -> list[str]:
    return [label["name"] for label in Upload.objects.get(id=upload.id).labels]


def test_description_is_replaced_and_restored(owner: User, batch: UploadBatch) -> None:
    upload, scope = Upload.objects.earliest("id"), owner_scope(owner)

    for text, shown, edited in (("Rex", "Rex", True), ("Our Rex", "Our Rex", True), ("", "A glacier.", False)):
        services.edit_description(scope, upload.id, text)
        upload.refresh_from_db()
        assert (upload.description, upload.description_edited) == (shown, edited)
    assert "edits" not in upload.sidecars
