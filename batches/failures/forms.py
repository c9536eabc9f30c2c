"""What the forms about failures carry, and what is said after them: the same in the inbox and in the admin."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batches.failures.csv_export import failures_csv
from batches.services import CommandResult
from uploads.text import storable


def csv_response(request: HttpRequest, owner_id: int | None) -> StreamingHttpResponse:
    """Answer with somebody's failures as a file; None: with everybody's. The caller has asked who may see them."""
    name = f"problems-{timezone.localdate().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    lines = failures_csv(owner_id, code_in(request.GET))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def code_in(fields: Mapping[str, str]) -> str:
    """Return the `code` of a form or an address; one that no row can hold becomes one that none has."""
    return storable(fields.get("code", ""))


def parse_until(text: str) -> datetime | None:
    """Read the moment that a form carries; None when it is none."""
    try:
        until = parse_datetime(text)
    except ValueError:
        return None
    return until if until and timezone.is_aware(until) else None


def message_no_until() -> str:
    """Say that a form carried no moment."""
    return _("The page did not say which files are meant. Load it again, then repeat it.")


def message_retried(done: CommandResult) -> str:
    """Say how many files wait again, and where that was not possible."""
    if not done.files and not done.refused:
        return _("Nothing is left to try again: these files wait already.")
    words = ngettext("%(count)s file waits again.", "%(count)s files wait again.", done.files) % {"count": done.files}
    if not done.refused:
        return words
    others = ngettext(
        "%(count)s batch could not go on: it was cancelled, or its pictures are being described again.",
        "%(count)s batches could not go on: they were cancelled, or their pictures are being described again.",
        done.refused,
    )
    return f"{words} {others % {'count': done.refused}}"


def message_dismissed(done: CommandResult) -> str:
    """Say how many files were dismissed."""
    words = ngettext(
        "%(count)s file was dismissed. It stays in its batch.",
        "%(count)s files were dismissed. They stay in their batches.",
        done.files,
    )
    return words % {"count": done.files}
