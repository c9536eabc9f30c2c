"""Template tags and filters for files, failures, percentages, the failure count and the imports of a picture."""

from django import template
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.utils.html import escape

from batches.failures.queries import MAX_COUNTED, count_failures
from batches.models import Attempt, BatchItem
from batches.models.error_codes import error_text
from batches.models.managers import in_visible_batches
from batches.models.states import BatchKind
from uploads.models import Upload
from uploads.text import percent

register = template.Library()
ELLIPSIS = "…"
MAX_IMPORTS_LISTED = 10

register.filter(percent)


@register.filter
def folder(item: BatchItem) -> str:
    """Return the folder from which the file was sent, with a trailing slash, or blank if it was not in a folder."""
    return item.relative_path.removesuffix(item.filename) if item.relative_path.endswith("/" + item.filename) else ""


@register.filter
def fit_bytes(name: str, limit: int) -> str:
    """Truncate a name to `limit` bytes of HTML-escaped UTF-8, in which “&” takes up five bytes."""
    if _escaped_bytes(name) <= limit:
        return name
    left = limit - _escaped_bytes(ELLIPSIS)
    if left < 0:
        return ""
    end = 0
    while (left := left - _escaped_bytes(name[end])) >= 0:
        end += 1
    return name[:end] + ELLIPSIS


def _escaped_bytes(text: str) -> int:
    return len(escape(text).encode())


@register.filter("error_text")
def failure_text(failed: BatchItem | Attempt) -> str:
    """Return why an item or an attempt failed and what to do about it, in one line."""
    return error_text(failed.error_code, failed.error_message).text


@register.simple_tag
def failure_count(user: User | AnonymousUser) -> str:
    """Return the number of the user's failures and damaged files as text: “99+” for 100 or more, blank for zero."""
    count = count_failures(user.pk) if user.pk else 0
    if count >= MAX_COUNTED:
        return f"{MAX_COUNTED - 1}+"
    return str(count) if count else ""


@register.simple_tag
def imported_items(upload: Upload) -> QuerySet[BatchItem]:
    """Return one item of the picture for each of the newest imports that contain it, with the import loaded."""
    items = in_visible_batches(BatchItem.objects.filter(upload=upload, batch__kind=BatchKind.IMPORT))
    newest = items.select_related("batch").order_by("-batch_id").distinct("batch_id")
    return newest[:MAX_IMPORTS_LISTED]
