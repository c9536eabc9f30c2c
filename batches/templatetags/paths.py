"""Where files of a batch lay on their owner's disk, in templates."""

from django import template

from batches.models import BatchItem

register = template.Library()


@register.filter
def folder(item: BatchItem) -> str:
    """The folder that the file came in, with a slash at its end; nothing for a file without one."""
    return item.relative_path.removesuffix(item.filename) if item.relative_path.endswith("/" + item.filename) else ""
