"""What failed in one batch, by cause, for its page: a few rows, however many files failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from batches.models import BatchItem
from batches.models.error_codes import FIXED_TEXT_CODES, ErrorText, error_text, is_retryable
from batches.models.states import ItemStatus

TROUBLES_SHOWN = 8
NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failed files of one batch with the same cause and, where a file's own message tells more, the same message."""

    code: str
    count: int
    message: str
    names: tuple[str, ...]

    @property
    def more(self) -> int:
        """How many files are not named."""
        return self.count - len(self.names)

    @property
    def words(self) -> ErrorText:
        """What happened and what to do."""
        return error_text(self.code, self.message)


@dataclass(frozen=True, slots=True)
class BatchFailures:
    """All failures of a batch: of how many the bytes are stored, by code, and the largest groups of them."""

    stored: Mapping[str, int]
    shown: tuple[FailureGroup, ...]

    @property
    def retryable(self) -> int:
        """How many could be tried again."""
        return sum(count for code, count in self.stored.items() if is_retryable(code))


def read_failures(batch_id: int) -> BatchFailures:
    """Group the failures of a batch: one row for each code, and up to TROUBLES_SHOWN for those told by messages."""
    failed = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.FAILED)
    codes = list(_by_code(failed))
    groups = [code for code in codes if code["error_code"] in FIXED_TEXT_CODES]
    if len(groups) < len(codes):
        groups += by_message(failed)
    largest = sorted(groups, key=lambda group: (-group["count"], group["first"]))[:TROUBLES_SHOWN]
    stored = {code["error_code"]: code["stored"] for code in codes}
    return BatchFailures(stored, tuple(_trouble(failed, group) for group in largest))


def _by_code(failed: QuerySet[BatchItem]) -> QuerySet[BatchItem, Any]:
    # An item whose bytes are not stored has no upload and cannot be tried again.
    return failed.values("error_code").annotate(
        count=Count("id"), first=Min("id"), last=Max("id"), stored=Count("upload_id")
    )


def by_message(failed: QuerySet[BatchItem]) -> QuerySet[BatchItem, Any]:
    """Return the numbers of the largest groups of those causes of which a file's own message tells more.

    Messages name sizes: there may be as many groups as files, so they are sorted where they are.
    """
    told = failed.exclude(error_code__in=FIXED_TEXT_CODES).values("error_code", "error_message")
    groups = told.annotate(count=Count("id"), first=Min("id"), last=Max("id"))
    return groups.order_by("-count", "first")[:TROUBLES_SHOWN]


def _trouble(failed: QuerySet[BatchItem], group: Mapping[str, Any]) -> FailureGroup:
    code, message = group["error_code"], group.get("error_message", "")
    # Between the first and the last, so that a small group is not looked for among all failures.
    same = failed.filter(error_code=code, id__range=(group["first"], group["last"]))
    if code not in FIXED_TEXT_CODES:
        same = same.filter(error_message=message)
    names = tuple(same.order_by("id").values_list("filename", flat=True)[:NAMES_SHOWN])
    return FailureGroup(code, group["count"], message, names)
