"""The owner's buttons: each calls one service, says what happened, and leads back to the batch."""

import re
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches import services
from batches.engine.refusals import Refused
from batches.live.batch_snapshot import owner_batches
from batches.models.states import LIVE_BATCHES
from batches.views.page_requests import require_button


def _obey(request: HttpRequest, batch_id: int, command: Callable[[], str]) -> HttpResponse:
    """Run a command and lead back to its batch."""
    _say(request, command)
    return redirect("batch-detail", batch_id)


def _say(request: HttpRequest, command: Callable[[], str]) -> None:
    """Run a command that returns what to say; what is not the caller's is not there."""
    try:
        said = command()
    except services.NotFound as error:
        raise Http404 from error
    except Refused as refusal:
        messages.warning(request, refusal.message)
    else:
        if said:
            messages.success(request, said)


@require_button("batch-detail")
def pause(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Begin no more files."""

    def command() -> str:
        services.pause_batch(request.user, batch_id)
        return _("Paused. Files that had begun go back to the queue.")

    return _obey(request, batch_id, command)


@require_button("batch-detail")
def resume(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Go on."""

    def command() -> str:
        services.resume_batch(request.user, batch_id)
        return _("It goes on.")

    return _obey(request, batch_id, command)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, batch_id: int) -> HttpResponse:
    """End it for good by a POST; the batch's page has asked before, or this one by GET where no scripts run."""
    if request.method != "POST":
        batch = get_object_or_404(owner_batches(request.user.pk), id=batch_id)
        if batch.status in LIVE_BATCHES:
            return render(request, "batches/batch_cancel.html", {"batch": batch})
        return redirect("batch-detail", batch_id)

    def command() -> str:
        services.cancel_batch(request.user, batch_id)
        return _("Cancelled. What was described stays in your library.")

    return _obey(request, batch_id, command)


@require_button("batch-detail")
def finish(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Wait for no more files."""

    def command() -> str:
        services.process_now(request.user, batch_id)
        return _("No more files are waited for.")

    return _obey(request, batch_id, command)


@require_button("batch-detail")
def retry_failed(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Try the failed files again: all that are stored, or the one named by `item`."""

    def command() -> str:
        item = request.POST.get("item", "")
        if re.fullmatch("[0-9]{1,18}", item):
            count = int(services.retry_item(request.user, int(item)))
        else:
            count = services.retry_failed(request.user, batch_id)
        words = ngettext("%(count)s file is tried again.", "%(count)s files are tried again.", count)
        return words % {"count": count} if count else ""

    return _obey(request, batch_id, command)


@require_button("batch-detail")
def reanalyse(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Describe its pictures again, and lead to the batch that does it."""
    leads_to = batch_id

    def command() -> str:
        nonlocal leads_to
        leads_to = services.reanalyse_batch(request.user, batch_id)
        return _("The pictures are described again. Until one is done, what was known of it stays.")

    _say(request, command)
    return redirect("batch-detail", leads_to)
