"""The "Problems" page in the admin: the failures and damaged files of all owners, and commands for the failures."""

from datetime import datetime

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from batches import services
from batches.engine.refusals import Refused
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
from batches.models import UploadBatch
from batches.models.error_codes import error_text
from batches.services import CommandResult, operator_scope

VIEW_PERMISSION = "batches.view_batchitem"


@require_http_methods(["GET", "HEAD", "POST"])
def failures_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show problems to staff who may view files. On POST, let operators retry, dismiss or restore failures."""
    if not request.user.has_perm(VIEW_PERMISSION):
        raise PermissionDenied
    if request.method == "POST":
        return _run_command(request, site)
    groups = read_groups(operator_scope(request.user))
    context = {
        **site.each_context(request),
        "title": _("Problems"),
        "groups": groups,
        "damage": read_damage(operator_scope(request.user)),
        "count": sum(group.count for group in groups),
        "may_command": operator_scope(request.user).covers_all(),
        "dismissal": requested_dismissal(request, operator_scope(request.user)),
    }
    return TemplateResponse(request, "admin/batches/failures.html", context)


@require_safe
def failures_table(request: HttpRequest) -> HttpResponseBase:
    """Send the open failures and the damaged files as CSV to staff who may view files."""
    if not request.user.has_perm(VIEW_PERMISSION):
        raise PermissionDenied
    return csv_response(request, operator_scope(request.user))


def _run_command(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not operator_scope(request.user).covers_all():
        raise PermissionDenied
    command, code = request.POST.get("command"), code_in(request.POST)
    time = parse_time(request.POST.get("at" if command == "restore" else "until", ""))
    if time is None:
        messages.error(request, message_no_until())
    elif command == "restore":
        _restore(request, code, time)
    elif command != "dismiss":
        _retry(request, code, time)
    elif "confirmed" in request.POST:
        return _dismiss(request, code, time)
    else:
        return _ask_before_dismissal(request, site, code)
    return redirect("admin:batches_failures")


def _ask_before_dismissal(request: HttpRequest, site: AdminSite, code: str) -> HttpResponse:
    """Ask for confirmation, because dismissing the failures hides them from their owners too."""
    context = {**site.each_context(request), "title": _("Dismiss these failures?"), "text": error_text(code)}
    context |= {"code": code, "until": request.POST["until"]}
    return TemplateResponse(request, "admin/batches/dismiss_confirmation.html", context)


def _dismiss(request: HttpRequest, code: str, until: datetime) -> HttpResponse:
    result = services.dismiss_code(operator_scope(request.user), code, until)
    _log_changes(request, result, _("Failures dismissed: %(code)s.") % {"code": code})
    messages.success(request, message_dismissed(result))
    query = dismissal_query(code, result.at) if result.at else ""
    return redirect(f"{reverse('admin:batches_failures')}?{query}")


def _restore(request: HttpRequest, code: str, at: datetime) -> None:
    result = services.restore_code(operator_scope(request.user), code, at)
    _log_changes(request, result, _("Dismissal undone: %(code)s.") % {"code": code})
    messages.success(request, message_restored(result))


def _retry(request: HttpRequest, code: str, until: datetime) -> None:
    try:
        result = services.retry_code(operator_scope(request.user), code, until)
    except Refused as refusal:
        messages.warning(request, refusal.message)
        return
    _log_changes(request, result, _("Failed files retried: %(code)s.") % {"code": code})
    messages.success(request, message_retried(result))


def _log_changes(request: HttpRequest, result: CommandResult, history: str) -> None:
    changed = UploadBatch.objects.filter(id__in=result.batches)
    LogEntry.objects.log_actions(request.user.pk or 0, changed, CHANGE, history)
