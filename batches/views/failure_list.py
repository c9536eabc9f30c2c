"""The "Problems" page, which lists a user's damaged files and failures, and lets the user act on the failures."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from batches import services
from batches.failures.damage import read_damage
from batches.failures.forms import (
    code_in,
    csv_response,
    dismissal_query,
    message_dismissed,
    message_no_until,
    message_restored,
    message_retried,
    parse_time,
    requested_dismissal,
)
from batches.failures.queries import read_groups
from batches.services import owner_scope
from batches.views.page_requests import refusals_as_messages
from uploads.button_requests import require_button


@require_safe
@never_cache
def failure_list(request: HttpRequest) -> HttpResponse:
    """Show the user's damaged files, then the failures grouped by error code, most common code first.

    If the query string names a dismissal, offer to undo it.
    """
    groups = read_groups(owner_scope(request.user))
    context: dict[str, Any] = {"groups": groups, "count": sum(group.count for group in groups)}
    context["damage"] = read_damage(owner_scope(request.user))
    context["dismissal"] = requested_dismissal(request, owner_scope(request.user))
    return render(request, "batches/failures.html", context)


@require_button("failures")
def retry(request: HttpRequest) -> HttpResponse:
    """Retry the user's failures with one error code."""
    until = parse_time(request.POST.get("until", ""))
    if until is None:
        messages.error(request, message_no_until())
    else:
        with refusals_as_messages(request):
            result = services.retry_code(owner_scope(request.user), code_in(request.POST), until)
            messages.success(request, message_retried(result))
    return redirect("failures")


@require_button("failures")
def dismiss(request: HttpRequest) -> HttpResponse:
    """Dismiss the user's failures with one error code. The next page shows their number and offers to undo this."""
    code, until = code_in(request.POST), parse_time(request.POST.get("until", ""))
    if until is None:
        messages.error(request, message_no_until())
        return redirect("failures")
    result = services.dismiss_code(owner_scope(request.user), code, until)
    if result.at is None:
        messages.info(request, message_dismissed(result))
        return redirect("failures")
    return redirect(f"{reverse('failures')}?{dismissal_query(code, result.at)}")


@require_button("failures")
def restore(request: HttpRequest) -> HttpResponse:
    at = parse_time(request.POST.get("at", ""))
    if at is None:
        messages.error(request, message_no_until())
    else:
        result = services.restore_code(owner_scope(request.user), code_in(request.POST), at)
        messages.success(request, message_restored(result))
    return redirect("failures")


@require_safe
async def download(request: HttpRequest) -> HttpResponseBase:
    """Send the user's open failures and damaged files as CSV: all, or those with the code in the parameter `code`."""
    return csv_response(request, owner_scope(request.user))
