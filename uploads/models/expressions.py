"""SQL expressions for generated columns, indexes and constraints."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, F, Func, Lookup, TextField, Value
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

INSTANT = Coalesce("taken_at", "created_at")
"""When a picture was taken or, if that is unknown, when it was added."""


UNDATED = datetime(1, 1, 1, tzinfo=UTC)
"""The `timeline_at` of pictures without a date; it puts them after all others."""

CLOCK = Coalesce("camera_clock", Value(UNDATED))
"""The local time when a picture was taken, or UNDATED: the order of the timeline."""

_CLOCK = "((taken_at AT TIME ZONE 'UTC' + coalesce(utc_offset, 0) * interval '1 minute') AT TIME ZONE 'UTC')"


class CameraClock(Func):
    """The local time when a picture was taken, stored as UTC. The SQL expression is immutable."""

    template = _CLOCK
    arity = 0
    output_field = DateTimeField(null=True)


class TimelineTime(Func):
    """The time that determines an upload's place in the timeline: the camera's clock, or UNDATED.

    Null if the timeline does not show the upload.
    """

    template = (
        "(CASE WHEN processed_at IS NOT NULL AND part_of_id IS NULL AND NOT archived AND trashed_at IS NULL"
        f" THEN coalesce({_CLOCK}, '{UNDATED.isoformat()}'::timestamptz) END)"
    )
    arity = 0
    output_field = DateTimeField(null=True)


class Folded(Func):
    """A text without accents; see uploads.text.fold. The SQL expression is immutable.

    The function is called only for text that is not ASCII, because filters are compared with many rows.
    """

    template = (
        "(CASE WHEN octet_length(%(expressions)s) = char_length(%(expressions)s) THEN %(expressions)s"
        " ELSE uploads_fold(%(expressions)s) END)"
    )
    arity = 1
    output_field = TextField()


class SearchWords(Func):
    """The words by which a search finds an upload. The SQL expression is immutable.

    Descriptions, labels, titles, captions and keywords are stemmed as English ("cats" finds "cat"). File names,
    cameras, places and the text in the picture are not stemmed, and are split at all characters except letters and
    digits. Accents are removed. Long text is truncated because PostgreSQL refuses a tsvector of more than 1 MiB. The
    owner is also a word; see uploads.search.words.OwnerWord.
    """

    template = (
        "(array_to_tsvector(ARRAY['owner ' || owner_id::text])"
        " || to_tsvector('english'::regconfig,"
        " uploads_fold(left(description || ' ' || title || ' ' || caption, 50000)))"
        " || jsonb_to_tsvector('english'::regconfig,"
        " uploads_fold((labels || keywords)::text)::jsonb, '[\"string\"]'::jsonb)"
        " || to_tsvector('simple'::regconfig, regexp_replace("
        "uploads_fold(filename || ' ' || camera || ' ' || place || ' ' || left(text_found, 50000)),"
        " '[^[:alnum:]]+', ' ', 'g')))"
    )
    arity = 0
    output_field = SearchVectorField()


class OneOf(Lookup):
    """`OneOf(F("status"), values)` is true if the text field has one of these values.

    Values must not contain characters that need quoting in a PostgreSQL array.

    Use it in check constraints of tables that are often changed: PostgreSQL stores the values as one constant, whereas
    it builds the array of `Q(status__in=values)` again in each UPDATE. If four constraints use OneOf, an UPDATE of a
    batch takes 63 instead of 90 µs.
    """

    prepare_rhs = False

    def __init__(self, field: F, values: Iterable[str]) -> None:
        super().__init__(field, sorted(map(str, values)))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        field, parameters = self.process_lhs(compiler, connection)
        return f"{field} = ANY(%s::text[])", (*parameters, f"{{{','.join(self.rhs)}}}")
