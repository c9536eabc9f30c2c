"""The failure inbox: what needs a look over all my batches, by cause, and what I may do about it."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from batches import services
from batches.engine.refusals import Refused
from batches.failures.forms import (
    code_in,
    csv_response,
    message_dismissed,
    message_no_until,
    message_retried,
    parse_until,
)
from batches.failures.queries import read_groups
from batches.views.page_requests import require_button


@require_safe
@never_cache
def failure_list(request: HttpRequest) -> HttpResponse:
    """My failures by cause, the most common first."""
    groups = read_groups(request.user.pk)
    return render(request, "batches/inbox.html", {"groups": groups, "count": sum(group.count for group in groups)})


@require_button("failures")
def retry(request: HttpRequest) -> HttpResponse:
    """Try my failures of one cause again."""

    def command(code: str, until: datetime) -> str:
        return message_retried(services.retry_code(request.user, code, until))

    return _obey(request, command)


@require_button("failures")
def dismiss(request: HttpRequest) -> HttpResponse:
    """Take my failures of one cause out of the inbox."""

    def command(code: str, until: datetime) -> str:
        return message_dismissed(services.dismiss_code(request.user, code, until))

    return _obey(request, command)


@require_safe
async def download(request: HttpRequest) -> HttpResponseBase:
    """My failures as CSV, all of them or those of `code`."""
    return csv_response(request, request.user.pk)


def _obey(request: HttpRequest, command: Callable[[str, datetime], str]) -> HttpResponse:
    """Run a command on the group that the form names, say what came of it, and lead back."""
    until = parse_until(request.POST.get("until", ""))
    if until is None:
        messages.error(request, message_no_until())
    else:
        try:
            messages.success(request, command(code_in(request.POST), until))
        except Refused as refusal:
            messages.warning(request, refusal.message)
    return redirect("failures")
