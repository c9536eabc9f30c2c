"""What the admin says after a command over batches."""

from django.utils.translation import ngettext


def message_processed(count: int) -> str:
    """Say how many batches are served next."""
    words = ngettext("%(count)d batch is served next.", "%(count)d batches are served next.", count)
    return words % {"count": count}


def message_paused(count: int) -> str:
    """Say how many batches were paused."""
    return ngettext("%(count)d batch was paused.", "%(count)d batches were paused.", count) % {"count": count}


def message_resumed(count: int) -> str:
    """Say how many batches go on."""
    return ngettext("%(count)d batch goes on.", "%(count)d batches go on.", count) % {"count": count}


def message_retried(count: int) -> str:
    """Say how many batches have files that wait again."""
    words = ngettext(
        "Failed files of %(count)d batch wait again.", "Failed files of %(count)d batches wait again.", count
    )
    return words % {"count": count}


def message_reanalysed(count: int) -> str:
    """Say how many batches are described again."""
    words = ngettext(
        "Pictures of %(count)d batch are described again.", "Pictures of %(count)d batches are described again.", count
    )
    return words % {"count": count}


def message_cancelled(count: int) -> str:
    """Say how many batches were cancelled."""
    words = ngettext("%(count)d batch was cancelled.", "%(count)d batches were cancelled.", count)
    return words % {"count": count}
