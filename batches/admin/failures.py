"""The page "Needs a look" of the admin: the failures of all owners by cause, with the commands of the inbox."""

from datetime import datetime

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

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
from batches.models import UploadBatch
from batches.models.error_codes import error_text
from batches.services import CommandResult, operator_scope

PERMISSION = "batches.view_batchitem"


@require_http_methods(["GET", "HEAD", "POST"])
def failures_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show everybody's failures to staff who may view files; operators may try again and dismiss."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if request.method == "POST":
        return _obey(request, site)
    groups = read_groups(None)
    context = {
        **site.each_context(request),
        "title": _("Needs a look"),
        "groups": groups,
        "count": sum(group.count for group in groups),
        "may_command": operator_scope(request.user).covers_all(),
    }
    return TemplateResponse(request, "admin/batches/failures.html", context)


@require_safe
def failures_table(request: HttpRequest) -> HttpResponseBase:
    """Send everybody's failures as CSV to staff who may view files."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    return csv_response(request, None)


def _obey(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Run the command of the form; what takes failures out of other people's inboxes is asked about first."""
    if not operator_scope(request.user).covers_all():
        raise PermissionDenied
    code, until = code_in(request.POST), parse_until(request.POST.get("until", ""))
    dismisses = request.POST.get("command") == "dismiss"
    if until is None:
        messages.error(request, message_no_until())
    elif dismisses and "confirmed" not in request.POST:
        context = {**site.each_context(request), "title": _("Dismiss these failures?"), "words": error_text(code)}
        context |= {"code": code, "until": request.POST["until"]}
        return TemplateResponse(request, "admin/batches/dismiss_confirmation.html", context)
    elif dismisses:
        done = services.dismiss_code(operator_scope(request.user), code, until)
        _tell(request, done, _("Failures dismissed: %(code)s.") % {"code": code}, message_dismissed(done))
    else:
        _retry(request, code, until)
    return redirect("admin:batches_failures")


def _retry(request: HttpRequest, code: str, until: datetime) -> None:
    try:
        done = services.retry_code(operator_scope(request.user), code, until)
    except Refused as refusal:
        messages.warning(request, refusal.message)
    else:
        _tell(request, done, _("Failed files tried again: %(code)s.") % {"code": code}, message_retried(done))


def _tell(request: HttpRequest, done: CommandResult, history: str, words: str) -> None:
    """Write the history of each batch that changed, in one statement, and say what came of it."""
    changed = UploadBatch.objects.filter(id__in=done.batches)
    LogEntry.objects.log_actions(request.user.pk or 0, changed, CHANGE, history)
    messages.success(request, words)
