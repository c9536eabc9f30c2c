"""The timeline: its order, its pages, its counts by day, and the plans of its queries."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from tests.support.batches import digest, make_upload
from tests.support.users import make_user
from uploads import timeline
from uploads.models import MediaKind, TimelineDay, Upload
from uploads.pagination import Cursor
from uploads.timeline import PAGE_PICTURES, TimelinePage, place_of, read_page
from uploads.timeline_scale import read_scale

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)


def add_pictures(owner: User, count: int, at: datetime | None = NOON, **columns: object) -> list[Upload]:
    """Add processed pictures, each a minute older than the one before it."""
    return Upload.objects.bulk_create(
        Upload(
            owner=owner,
            sha256=digest(owner.id, at, number),
            filename=f"{number}.jpg",
            size=1,
            kind=MediaKind.IMAGE,
            taken_at=at - timedelta(minutes=number) if at else None,
            processed_at=timezone.now(),
            **columns,
        )
        for number in range(count)
    )


def shown(page: TimelinePage) -> list[int]:
    return [picture.id for day in page.days for picture in day.pictures]


def counted(owner: User) -> dict[date, int]:
    rows = TimelineDay.objects.filter(owner=owner).values("day").annotate(total=Sum("pictures")).filter(total__gt=0)
    return {row["day"]: row["total"] for row in rows}


def test_newest_come_first_by_the_camera_clock_and_undated_ones_last(anna: User) -> None:
    [undated] = add_pictures(anna, 1, None)
    [early] = add_pictures(anna, 1, NOON, utc_offset=-600)
    [late] = add_pictures(anna, 1, NOON - timedelta(hours=1), utc_offset=780)

    page = read_page(anna.id, {})

    assert shown(page) == [late.id, early.id, undated.id]
    assert [day.date for day in page.days] == [date(2026, 6, 19), date(2026, 6, 18), None]


def test_timeline_leaves_out_what_the_library_does_not_show(anna: User) -> None:
    [main] = add_pictures(anna, 1)
    add_pictures(anna, 1, NOON - timedelta(days=1), archived=True)
    add_pictures(anna, 1, NOON - timedelta(days=2), part_of=main, part_role="raw")
    add_pictures(anna, 1, NOON - timedelta(days=3), trashed_at=NOON)
    add_pictures(make_user("ben"), 1, NOON - timedelta(days=4))
    make_upload(anna, 1)

    assert shown(read_page(anna.id, {})) == [main.id]
    assert counted(anna) == {NOON.date(): 1}


def test_pages_join_without_a_gap_in_both_directions(anna: User) -> None:
    add_pictures(anna, 150)
    add_pictures(anna, 70, NOON - timedelta(days=1))
    add_pictures(anna, 90, None)
    everything = list(timeline.timeline_of(anna.id).values_list("id", flat=True))

    pages = [read_page(anna.id, {})]
    while pages[-1].older:
        pages.append(read_page(anna.id, {"from": str(pages[-1].older)}))
    back = [pages[-1]]
    while back[0].newer:
        back.insert(0, read_page(anna.id, {"before": str(back[0].newer)}))

    assert [id for page in pages for id in shown(page)] == everything
    assert [id for page in back for id in shown(page)] == everything
    assert pages[0].newer is None
    assert str(back[0].older) == str(place_of(back[1].days[0].pictures[0]))
    assert max(len(shown(page)) for page in (*pages, *back)) <= PAGE_PICTURES


def test_page_ends_with_a_whole_day(anna: User) -> None:
    add_pictures(anna, 45)
    add_pictures(anna, 40, NOON - timedelta(days=1))

    first = read_page(anna.id, {})

    assert [len(day.pictures) for day in first.days] == [45]


def test_day_counts_all_of_its_pictures(anna: User) -> None:
    add_pictures(anna, 130)

    page = read_page(anna.id, {})

    assert [(len(day.pictures), day.total) for day in page.days] == [(PAGE_PICTURES, 130)]


@pytest.mark.parametrize("cursor", ["x", "-1", "1.", "9" * 30, "\u0663", "", "1e3", "9" * 17 + ".1", "1.1.1", "1.1"])
def test_invalid_cursor_or_one_after_all_pictures_gives_the_first_page(anna: User, cursor: str) -> None:
    [picture] = add_pictures(anna, 1)

    assert shown(read_page(anna.id, {"from": cursor})) == [picture.id]
    assert shown(read_page(anna.id, {"before": cursor})) == [picture.id]


def test_counts_follow_each_change(anna: User) -> None:
    pictures = add_pictures(anna, 3)
    day = NOON.date()
    mine = Upload.objects.filter(owner=anna)

    assert counted(anna) == {day: 3}
    mine.filter(id=pictures[0].id).update(taken_at=NOON - timedelta(days=1))
    assert counted(anna) == {day - timedelta(days=1): 1, day: 2}
    mine.filter(id=pictures[1].id).update(archived=True)
    assert counted(anna) == {day - timedelta(days=1): 1, day: 1}
    mine.filter(id=pictures[1].id).update(archived=False, taken_at=None)
    assert counted(anna) == {date.min: 1, day - timedelta(days=1): 1, day: 1}
    mine.filter(id__in=[pictures[0].id, pictures[2].id]).delete()
    assert counted(anna) == {date.min: 1}


@pytest.mark.django_db(transaction=True)
def test_counts_never_wait_for_another_transaction(anna: User) -> None:
    add_pictures(anna, 1)
    other = connection.copy()
    try:
        with transaction.atomic(), other.cursor() as cursor:
            add_pictures(anna, 2, NOON - timedelta(hours=1))
            cursor.execute("SET lock_timeout = '1s'")
            cursor.execute("SELECT uploads_add_to_day(%s, %s, 5)", [anna.id, NOON.date()])
    finally:
        other.close()

    assert counted(anna) == {NOON.date(): 8}


def test_scale_shows_years_and_the_months_of_the_current_one(anna: User) -> None:
    add_pictures(anna, 2)
    add_pictures(anna, 3, datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=1))
    add_pictures(anna, 1, datetime(2024, 2, 29, tzinfo=UTC))
    add_pictures(anna, 4, None)

    scale = read_scale(anna.id, read_page(anna.id, {}))

    assert [(one.first_day and one.first_day.year, one.pictures) for one in scale] == [(2026, 5), (2024, 1), (None, 4)]
    assert [(month.first_day, month.is_current) for month in scale[0].months] == [
        (date(2026, 6, 1), True),
        (date(2026, 5, 1), False),
    ]
    assert scale[1].months == []
    starts = [read_page(anna.id, {"from": str(one.cursor)}).days[0] for one in (scale[0].months[1], *scale[1:])]
    assert [(day.date, day.total) for day in starts] == [(date(2026, 5, 1), 3), (date(2024, 2, 29), 1), (None, 4)]


def test_timeline_uses_its_index(anna: User) -> None:
    cursor = Cursor(NOON, 5)
    rows = timeline.timeline_of(anna.id)
    with connection.cursor() as settings:
        settings.execute("SET LOCAL enable_sort = off")

    for found in (rows, timeline.from_cursor(rows, cursor), timeline.before_cursor(rows, cursor)):
        plan = found[:101].explain()
        assert "upload_timeline" in plan
        assert "Sort" not in plan
        assert "Filter" not in plan
    assert "ROW(timeline_at, id) <= " in timeline.from_cursor(rows, cursor).explain()
