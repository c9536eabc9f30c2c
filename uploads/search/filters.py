"""Turn the filters and exclusions of a query into conditions of the ORM. The owner is always one of them."""

from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import and_

from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from uploads.models import MediaKind, Upload
from uploads.search.language import Filter, Query
from uploads.search.taken import parse_taken
from uploads.search.words import text_query

_KINDS = {"photo": MediaKind.IMAGE, "video": MediaKind.VIDEO}
_PROPERTIES = {
    "place": Q(latitude__isnull=False, longitude__isnull=False),
    "date": Q(taken_at__isnull=False),
    "camera": ~Q(camera=""),
}
# Dates in queries are those of the camera's clock, which pages show too.
_CAMERA_TIME = ExpressionWrapper(
    F("taken_at") + Value(timedelta(minutes=1)) * Coalesce(F("utc_offset"), 0), output_field=DateTimeField()
)


def filter_pictures(owner_id: int, query: Query) -> QuerySet[Upload]:
    """Return the owner's processed pictures and videos that meet all filters and contain no excluded term.

    Parts of other pictures are left out, as in the library.
    """
    pictures = Upload.objects.filter(owner_id=owner_id, processed_at__isnull=False, part_of=None)
    if any(one.name == "taken" for one in query.filters):
        pictures = pictures.alias(camera_clock=_CAMERA_TIME)
    pictures = pictures.filter(reduce(and_, map(_condition, query.filters), Q()))
    for term in query.excluded:
        if (excluded := text_query(term)) is not None:
            pictures = pictures.exclude(words=excluded)
    return pictures


def _condition(one: Filter) -> Q:
    match one.name:
        case "taken":
            condition = _taken(*parse_taken(one.value))
        case "type":
            condition = Q(kind=_KINDS[one.value])
        case "has":
            condition = _PROPERTIES[one.value]
        case _:
            condition = Q(camera__icontains=one.value)
    return ~condition if one.negated else condition


def _taken(first: date | None, after: date | None) -> Q:
    condition = Q(taken_at__isnull=False)
    if first:
        condition &= Q(camera_clock__gte=datetime.combine(first, time(), UTC))
    if after:
        condition &= Q(camera_clock__lt=datetime.combine(after, time(), UTC))
    return condition
