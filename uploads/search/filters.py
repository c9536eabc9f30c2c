"""Turn a query's filters and exclusions into ORM conditions for the owner's pictures.

Embeddings have copies of most filtered columns, so that a search by vector does not read uploads.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import reduce
from operator import and_

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import IContains, IStartsWith

from uploads.models import Embedding, Folded, MediaKind, Upload, library_pictures
from uploads.search.exclusions import excluding_query
from uploads.search.imports import pictures_of_imports
from uploads.search.query import Filter, Query
from uploads.search.sizes import parse_size
from uploads.search.taken import parse_taken
from uploads.text import fold

_KINDS = {"photo": MediaKind.IMAGE, "video": MediaKind.VIDEO}
_PROPERTIES = {"date": Q(camera_clock__isnull=False), "camera": ~Q(camera="")}
_ORIENTATIONS = {"landscape": "gt", "portrait": "lt", "square": "exact"}
INDEXED = ("type", "taken")
"""The filters whose columns are in the index on embeddings."""

ONLY_UPLOADS = ("place", "album", "import", "is", "has", "orientation", "size")
"""The filters that may need columns of uploads that embeddings do not copy."""

_PLACE = Q(latitude__isnull=False, longitude__isnull=False)


class AnyOf(Func):
    """The condition that a column has one of many ids: `filter(AnyOf("id", ids))` means `filter(id__in=ids)`.

    A subquery selects the ids, or they are passed as one string, because Django and psycopg take several milliseconds
    for hundreds of parameters.
    """

    template = "(%(expressions)s::bigint[]))"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, column: str, ids: Iterable[int] | ArraySubquery) -> None:
        listed = ids if isinstance(ids, ArraySubquery) else Value(f"{{{','.join(map(str, ids))}}}")
        super().__init__(F(column), listed)


def filter_pictures(owner_id: int, query: Query) -> QuerySet[Upload]:
    """Return the owner's processed pictures and videos that meet all filters and contain no excluded term.

    Parts of other pictures and pictures in the trash are left out, as in the library, and so are archived pictures
    unless a filter includes them.
    """
    return narrow(library_pictures(owner_id), owner_id, query)


def narrow(pictures: QuerySet[Upload], owner_id: int, query: Query) -> QuerySet[Upload]:
    """Limit the owner's `pictures` to those that meet all filters and contain no excluded term."""
    pictures = pictures.filter(_conditions(owner_id, query, _PLACE, ""))
    for term in query.excluded:
        if (excluded := excluding_query(term)) is not None:
            pictures = pictures.exclude(words=excluded)
    return pictures


def filter_vectors(owner_id: int, query: Query, model: str) -> QuerySet[Embedding]:
    """Return the embeddings of the pictures that meet all filters, even if they contain an excluded term."""
    # List all kinds, so that PostgreSQL can use the date, which comes after `kind` in the index.
    vectors = Embedding.objects.filter(
        owner_id=owner_id, model=model, kind__in=_KINDS.values(), is_part=False, trashed=False
    )
    return vectors.filter(_conditions(owner_id, query, Q(has_place=True), "upload__"))


def timeline_conditions(query: Query) -> Q:
    """Return the conditions on `timeline_at` that follow from the query's dates, or an empty Q().

    They exclude no picture that meets the filters, but let PostgreSQL combine the timeline's index with others. The
    timeline does not contain archived pictures.
    """
    if query.filtered_by(("archived",)):
        return Q()
    taken = (parse_taken(one.value) for one in query.filtered_by(("taken",)).filters if not one.negated)
    return reduce(and_, (_between("timeline_at", *dates) for dates in taken), Q())


def _conditions(owner_id: int, query: Query, has_place: Q, upload: str) -> Q:
    """Return all conditions. `upload` is the prefix of columns that embeddings do not copy: "" or "upload__"."""
    words = bool(query.alternatives)
    conditions = [_condition(owner_id, one, has_place, upload, words=words) for one in query.filters]
    if not any(one.name == "archived" for one in query.filters):
        conditions.append(Q(archived=False))
    return reduce(and_, conditions)


def _condition(owner_id: int, one: Filter, has_place: Q, upload: str, *, words: bool) -> Q:
    match one.name:
        case "taken":
            condition = _taken(*parse_taken(one.value))
        case "type":
            condition = Q(kind=_KINDS[one.value])
        case "has" if one.value == "place":
            condition = has_place
        case "has" if one.value in _PROPERTIES:
            condition = _PROPERTIES[one.value]
        case "archived":
            condition = Q(archived=one.value == "yes")
        case "camera":
            condition = Q(camera__icontains=one.value)
        case "import":
            condition = _in_import(owner_id, one, f"{upload}id", listed=not (upload or words))
        case _:
            condition = _upload_condition(one, upload)
    return ~condition if one.negated else condition


def _in_import(owner_id: int, one: Filter, column: str, *, listed: bool) -> Q:
    """Return the condition that `column` is the id of a picture in the imports that the filter names.

    If `listed`, PostgreSQL first collects the ids of all these pictures, and then reads only these pictures, in order
    of id. Otherwise, it checks the condition for each picture that it reads. Sorting is disabled in searches, so
    without the list, a page in order of id would require reading all of the owner's newer pictures.
    """
    pictures = pictures_of_imports(owner_id, one.value)
    if listed and not one.negated:
        return Q(AnyOf(column, ArraySubquery(pictures.values("upload_id"))))
    return Q(Exists(pictures.filter(upload_id=OuterRef(column))))


def _upload_condition(one: Filter, upload: str) -> Q:
    """Return a condition on columns that only uploads have."""
    match one.name:
        case "has":
            return ~Q((f"{upload}text_found", ""))
        case "is":
            return Q((f"{upload}favourite", True))
        case "size":
            lookup, limit = parse_size(one.value)
            return Q((f"{upload}size__{lookup}", limit))
        case "orientation":
            return Q((f"{upload}width__{_ORIENTATIONS[one.value]}", F(f"{upload}height")))
        case "album":
            # The first condition lets PostgreSQL use the partial index on pictures with albums.
            albums = Folded(Cast(F(f"{upload}albums"), TextField()))
            return ~Q((f"{upload}albums", [])) & Q(IContains(albums, fold(one.value)))
        case _:
            # Match only from the start of a word, so that "Oman" does not find Romania.
            place, wanted = Folded(F(f"{upload}place")), fold(one.value)
            return Q(IStartsWith(place, wanted)) | Q(IContains(place, f" {wanted}"))


def _taken(first: date | None, after: date | None) -> Q:
    """Return the condition that the local time when the picture was taken is not before `first`, but before `after`."""
    return Q(camera_clock__isnull=False) & _between("camera_clock", first, after)


def _between(column: str, first: date | None, after: date | None) -> Q:
    condition = Q()
    if first:
        condition &= Q((f"{column}__gte", datetime.combine(first, time(), UTC)))
    if after:
        condition &= Q((f"{column}__lt", datetime.combine(after, time(), UTC)))
    return condition
