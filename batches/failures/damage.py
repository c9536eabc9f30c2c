"""Query the stored files that verification found to be damaged, for the "Problems" page and its CSV table."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from batches.models.error_codes import ErrorText, error_text
from batches.models.scope import VIEW_ITEMS, Scope
from uploads.models import DamagedFile

EXAMPLES_SHOWN = 10
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class DamageGroup:
    """Damaged files with the same reason, which is an error code."""

    code: str
    count: int
    examples: tuple[DamagedFile, ...]

    @property
    def text(self) -> ErrorText:
        """What happened and what to do."""
        return error_text(self.code, "")

    @property
    def more(self) -> int:
        """The number of the group's files that are not among the examples."""
        return self.count - len(self.examples)


def read_damage(scope: Scope) -> list[DamageGroup]:
    """Return the damaged files that the scope covers, grouped by reason."""
    counts = damaged_files(scope).values_list("reason").annotate(count=Count("pk")).order_by("reason")
    return [DamageGroup(reason, count, _examples(scope, reason)) for reason, count in counts]


def damaged_files(scope: Scope) -> QuerySet[DamagedFile]:
    return scope.filter(DamagedFile.objects.all(), VIEW_ITEMS)


def damage_rows(scope: Scope, code: str, after: int) -> list[tuple[Any, ...]]:
    """Return the CSV columns of the next damaged files after the upload id `after`; a blank `code` means all codes."""
    files = damaged_files(scope).filter(pk__gt=after, **({"reason": code} if code else {})).order_by("pk")
    columns = ("pk", "upload__filename", "upload__size", "reason", "found_at", "owner__username")
    return list(files.values_list(*columns)[:CHUNK])


def _examples(scope: Scope, reason: str) -> tuple[DamagedFile, ...]:
    files = damaged_files(scope).filter(reason=reason).select_related("upload", "owner").order_by("-pk")
    return tuple(files.only("reason", "found_at", "upload__filename", "owner__username")[:EXAMPLES_SHOWN])
