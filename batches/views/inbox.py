"""The failure inbox: what needs a look over all my batches, by cause, and what I may do about it."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from batches import failures
from batches.engine.errors import Refused
from batches.export import failures_csv
from batches.failures import Done
from batches.inbox import read_groups


@require_safe
@never_cache
def inbox(request: HttpRequest) -> HttpResponse:
    """My failures by cause, the most common first."""
    groups = read_groups(request.user.pk)
    return render(request, "batches/inbox.html", {"groups": groups, "count": sum(group.count for group in groups)})


@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Try my failures of one cause again."""

    def command(code: str, until: datetime) -> str:
        return words_retried(failures.retry_cause(request.user, code, until))

    return _obey(request, command)


@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    """Take my failures of one cause out of the inbox."""

    def command(code: str, until: datetime) -> str:
        return words_dismissed(failures.dismiss_cause(request.user, code, until))

    return _obey(request, command)


@require_safe
async def download(request: HttpRequest) -> HttpResponseBase:
    """My failures as CSV, all of them or those of `code`."""
    return csv_response(request, request.user.pk)


def csv_response(request: HttpRequest, owner_id: int | None) -> StreamingHttpResponse:
    """Answer with somebody's failures as a file; None: with everybody's. The caller has asked who may see them."""
    name = f"needs-a-look-{timezone.localdate().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    lines = failures_csv(owner_id, request.GET.get("code", ""))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _obey(request: HttpRequest, command: Callable[[str, datetime], str]) -> HttpResponse:
    """Run a command on the group that the form names, say what came of it, and lead back."""
    until = parse_until(request.POST.get("until", ""))
    if until is None:
        messages.error(request, _("The page did not say which files are meant. Load it again, then repeat it."))
    else:
        try:
            messages.success(request, command(request.POST.get("code", ""), until))
        except Refused as refusal:
            messages.warning(request, refusal.message)
    return redirect("inbox")


def parse_until(text: str) -> datetime | None:
    """Read the moment that a form carries; None when it is none."""
    try:
        until = parse_datetime(text)
    except ValueError:
        return None
    return until if until and timezone.is_aware(until) else None


def words_retried(done: Done) -> str:
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


def words_dismissed(done: Done) -> str:
    """Say how many files were dismissed."""
    words = ngettext(
        "%(count)s file was dismissed. It stays in its batch.",
        "%(count)s files were dismissed. They stay in their batches.",
        done.files,
    )
    return words % {"count": done.files}
