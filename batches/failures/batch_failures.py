"""Group the failures of one batch by cause, so that its page shows only a few rows, however many files failed."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from batches.models import BatchItem
from batches.models.error_codes import ERROR_CODES, FIXED_TEXT_CODES, ErrorText, error_text, is_retryable
from batches.models.states import ItemStatus

GROUPS_SHOWN = 8
NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """A batch's failed files that share an error code and, if that code has no fixed text, also the message."""

    code: str
    count: int
    message: str
    names: tuple[str, ...]

    @property
    def more(self) -> int:
        """The number of the group's files that are not among the examples."""
        return self.count - len(self.names)

    @property
    def text(self) -> ErrorText:
        """The text that explains what happened and what to do."""
        return error_text(self.code, self.message)


@dataclass(frozen=True, slots=True)
class FailureCause:
    """A batch's failures with the same cause: how many there are, and their largest groups."""

    count: int
    groups: tuple[FailureGroup, ...]

    @property
    def key(self) -> str:
        """Identifies the cause in HTML ids: its error code, or a checksum of its message if the code has no text."""
        group = self.groups[0]
        return group.code if group.code in ERROR_CODES else f"{zlib.crc32(group.message.encode()):08x}"

    @property
    def text(self) -> ErrorText:
        """The text that all groups share."""
        group = self.groups[0]
        return error_text(group.code, "" if group.code in ERROR_CODES else group.message)


@dataclass(frozen=True, slots=True)
class BatchFailures:
    """The failures of a batch. `shown` contains the largest groups.

    `counts` maps each error code to the number of failed files; `stored` maps it to how many of these are stored.
    """

    counts: Mapping[str, int]
    stored: Mapping[str, int]
    shown: tuple[FailureGroup, ...]

    @property
    def causes(self) -> tuple[FailureCause, ...]:
        """The shown groups by cause. The cause is the error code, or the message if the code has no text."""
        causes: dict[str, list[FailureGroup]] = {}
        for group in self.shown:
            causes.setdefault(group.code if group.code in ERROR_CODES else group.message, []).append(group)
        return tuple(FailureCause(self._count(groups), tuple(groups)) for groups in causes.values())

    def _count(self, groups: list[FailureGroup]) -> int:
        code = groups[0].code
        return self.counts[code] if code in ERROR_CODES else groups[0].count

    @property
    def retryable(self) -> int:
        """The number of failed files that can be retried."""
        return sum(count for code, count in self.stored.items() if is_retryable(code))


def read_failures(batch_id: int) -> BatchFailures:
    """Group the failures of a batch by error code and, if a code has no fixed text, by message as well."""
    failed = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.FAILED)
    codes = list(_by_code(failed))
    groups = [code for code in codes if code["error_code"] in FIXED_TEXT_CODES]
    if len(groups) < len(codes):
        groups += by_message(failed)
    largest = sorted(groups, key=lambda group: (-group["count"], group["first"]))[:GROUPS_SHOWN]
    stored = {code["error_code"]: code["stored"] for code in codes}
    counts = {code["error_code"]: code["count"] for code in codes}
    return BatchFailures(counts, stored, tuple(_group(failed, group) for group in largest))


def _by_code(failed: QuerySet[BatchItem]) -> QuerySet[BatchItem, Any]:
    # An item whose bytes are not stored has no upload and cannot be retried.
    return failed.values("error_code").annotate(
        count=Count("id"), first=Min("id"), last=Max("id"), stored=Count("upload_id")
    )


def by_message(failed: QuerySet[BatchItem]) -> QuerySet[BatchItem, Any]:
    """Group the failures whose codes have no fixed text by code and message, and return the largest groups.

    Messages mention sizes, so there may be as many groups as files. The database therefore sorts and limits them.
    """
    with_message = failed.exclude(error_code__in=FIXED_TEXT_CODES).values("error_code", "error_message")
    groups = with_message.annotate(count=Count("id"), first=Min("id"), last=Max("id"))
    return groups.order_by("-count", "first")[:GROUPS_SHOWN]


def _group(failed: QuerySet[BatchItem], group: Mapping[str, Any]) -> FailureGroup:
    code, message = group["error_code"], group.get("error_message", "")
    # The id range lets the query for a small group skip most other failures.
    same = failed.filter(error_code=code, id__range=(group["first"], group["last"]))
    if code not in FIXED_TEXT_CODES:
        same = same.filter(error_message=message)
    names = tuple(same.order_by("id").values_list("filename", flat=True)[:NAMES_SHOWN])
    return FailureGroup(code, group["count"], message, names)
