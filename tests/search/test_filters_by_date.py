"""Pictures that match filters, in the order of the camera's clock."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.search.conftest import MakePicture
from tests.support.users import make_user
from uploads.search.by_date import pictures_by_date
from uploads.search.language import parse_query


def facts(number: int, hour: int | None, offset: int = 0, **others: Any) -> dict[str, Any]:
    """Return the facts of a picture taken at this UTC hour, with the offset of the camera's clock in minutes."""
    taken = None if hour is None else datetime(2024, 1, 1, hour, tzinfo=UTC)
    return {"title": str(number), "taken_at": taken, "utc_offset": offset, **others}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("type:photo", "2431"),
        ("-dog", "2431"),
        ("-dog type:photo", "2431"),
        ("-album:norway", "2431"),
        ("has:date", "243"),
        ("archived:yes", "65"),
        ("-dog archived:yes", "65"),
        ("-archived:no", "65"),
    ],
)
def test_filtered_pictures_have_the_order_of_the_timeline(
    query: str, titles: str, anna: User, make_picture: MakePicture
) -> None:
    rows = [facts(1, None), facts(2, 9, 120), facts(3, 8), facts(4, 10), facts(5, 8, archived=True)]
    for row in (*rows, facts(6, 9, archived=True)):
        make_picture("a cat", **row)
    make_picture("a cat", owner=make_user("ben"), **facts(7, 12))

    found = pictures_by_date(anna.id, parse_query(query))

    assert "".join(one.title for one in found) == titles
