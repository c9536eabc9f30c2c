"""Form fields, messages and the CSV response that the "Problems" page shares with the admin."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batches.failures.csv_export import failures_csv
from batches.failures.queries import Dismissal, find_dismissal
from batches.services import CommandResult, Scope
from uploads.text import storable


def csv_response(request: HttpRequest, scope: Scope) -> StreamingHttpResponse:
    """Return the scope's open failures and damaged files as CSV, limited to the error code in the query, if any."""
    name = f"problems-{timezone.localdate().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    lines = failures_csv(scope, code_in(request.GET))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def code_in(fields: Mapping[str, str]) -> str:
    """Return `code` from a form or query string. Characters that PostgreSQL rejects are replaced."""
    return storable(fields.get("code", ""))


def parse_time(text: str) -> datetime | None:
    """Parse a time from a form and convert it to UTC; return None if it is missing, invalid or has no time zone.

    Raises BadRequest if the year in UTC is out of range, because no form of this site contains such a time.
    """
    try:
        time = parse_datetime(text)
    except ValueError:
        return None
    if time is None or timezone.is_naive(time):
        return None
    try:
        return time.astimezone(UTC)  # PostgreSQL rejects offsets of 16 hours or more
    except OverflowError as error:
        raise BadRequest("The time is out of range.") from error


def message_no_until() -> str:
    """Return the error message for a form without a valid time."""
    return _("The form was incomplete. Reload the page, then try again.")


def message_retried(result: CommandResult) -> str:
    """Return a message with the numbers of retried files and skipped batches."""
    if not result.files and not result.refused:
        return _("Nothing to retry: these files are already queued.")
    retried = ngettext("Retrying %(count)s file.", "Retrying %(count)s files.", result.files) % {"count": result.files}
    if not result.refused:
        return retried
    refused = ngettext(
        "%(count)s import was skipped: it was cancelled, or its pictures are being described again.",
        "%(count)s imports were skipped: they were cancelled, or their pictures are being described again.",
        result.refused,
    )
    return f"{retried} {refused % {'count': result.refused}}"


def dismissal_query(code: str, at: datetime) -> str:
    """Return the query string with which the next page offers to undo this dismissal."""
    return urlencode({"code": code, "at": at.isoformat()})


def requested_dismissal(request: HttpRequest, scope: Scope) -> Dismissal | None:
    """Return the dismissal given in the query string, or None if there is none or it can no longer be undone."""
    at = parse_time(request.GET.get("at", ""))
    return find_dismissal(scope, code_in(request.GET), at) if at else None


def message_restored(result: CommandResult) -> str:
    message = ngettext("%(count)s file is back in the list.", "%(count)s files are back in the list.", result.files)
    return message % {"count": result.files}


def message_dismissed(result: CommandResult) -> str:
    message = ngettext(
        "%(count)s file was dismissed. It is still listed in its import.",
        "%(count)s files were dismissed. They are still listed in their imports.",
        result.files,
    )
    return message % {"count": result.files}
