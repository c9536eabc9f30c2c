"""Names of files, and where they lay on their owner's disk, in templates."""

from django import template
from django.contrib.auth.models import AnonymousUser, User
from django.utils.html import escape

from batches.failures.queries import MOST_COUNTED, count_failures
from batches.live.batch_snapshot import can_retry
from batches.models import Attempt, BatchItem
from batches.models.error_codes import error_text

register = template.Library()
ELLIPSIS = "…"


@register.filter
def folder(item: BatchItem) -> str:
    """The folder that the file came in, with a slash at its end; nothing for a file without one."""
    return item.relative_path.removesuffix(item.filename) if item.relative_path.endswith("/" + item.filename) else ""


@register.filter
def fitting(name: str, most: int) -> str:
    """As much of the beginning of a name as takes `most` bytes on a page, escaped: “&” takes five, an emoji four."""
    if _bytes(name) <= most:
        return name
    left = most - _bytes(ELLIPSIS)
    if left < 0:
        return ""
    end = 0
    while (left := left - _bytes(name[end])) >= 0:
        end += 1
    return name[:end] + ELLIPSIS


def _bytes(text: str) -> int:
    return len(escape(text).encode())


@register.filter
def words(failed: BatchItem | Attempt) -> str:
    """What happened to a failed file, or at an attempt at it, and what to do, in one line."""
    return error_text(failed.error_code, failed.error_message).text


register.filter("can_try_again", can_retry)


@register.simple_tag
def needs_a_look(user: User | AnonymousUser) -> str:
    """The number of the user's failures as text, “99+” for many; nothing when there are none."""
    count = count_failures(user.pk) if user.pk else 0
    if count >= MOST_COUNTED:
        return f"{MOST_COUNTED - 1}+"
    return str(count) if count else ""
