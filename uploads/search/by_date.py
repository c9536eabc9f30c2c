"""The pictures that match the filters of a query, by date."""

from django.db.models import F, QuerySet

from uploads.models import CLOCK, Upload
from uploads.search.filters import filter_pictures, timeline_conditions
from uploads.search.query import Query

_UNINDEXED = ("-album:", "-import:", "-has:text")
"""Filters that most pictures match, and that compare more than the index of filters contains."""

_FEW = ("album", "import")
"""Filters that few pictures match, and whose pictures PostgreSQL finds with an index."""


def pictures_by_date(owner_id: int, query: Query) -> QuerySet[Upload]:
    """Return the pictures of filter_pictures(), sorted by the alias `clock` and by id, the latest first.

    `clock` is the local time when the picture was taken, or UNDATED, as in the timeline. Most filters leave few
    pictures, so PostgreSQL finds all of them with the index of filters, which contains the time, and sorts their ids.
    If the query excludes words, it reads pictures in the order of the timeline until a page is full.
    """
    pictures = filter_pictures(owner_id, query)
    if _reads_timeline(query):
        pictures = pictures.filter(timeline_conditions(query), timeline_at__isnull=False)
        return pictures.alias(clock=F("timeline_at")).order_by("-clock", "-id")
    return pictures.alias(clock=CLOCK).order_by("-clock", "-id")


def _reads_timeline(query: Query) -> bool:
    """Return whether the query leaves most pictures but needs whole rows. Archived pictures are not in the timeline."""
    if any(one.name == "archived" or (one.name in _FEW and not one.negated) for one in query.filters):
        return False
    return bool(query.excluded) or any(str(one).startswith(_UNINDEXED) for one in query.filters)
