"""Names of files, and where they lay on their owner's disk, in templates."""

from django import template
from django.utils.html import escape

from batches.models import BatchItem

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
