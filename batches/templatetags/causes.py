"""Why a file failed, in the reader's language, in templates."""

from django import template

from batches.causes import words_for
from batches.models import Attempt, BatchItem
from batches.progress import can_try_again

register = template.Library()


@register.filter
def words(failed: BatchItem | Attempt) -> str:
    """What happened to a failed file, or at an attempt at it, and what to do, in one line."""
    return words_for(failed.error_code, failed.error_message).text


register.filter("can_try_again", can_try_again)
