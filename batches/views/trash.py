"""The trash: its page, and the buttons that move pictures to it, restore them and delete them permanently."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from batches import services
from batches.failures.forms import parse_time
from batches.services import owner_scope
from batches.views.page_requests import refusals_as_messages
from uploads.button_requests import back, chosen_pictures, require_button
from uploads.models import Upload, defer_details
from uploads.pagination import paginate_by_instant
from uploads.trash import trashed_pictures

PICTURES_PER_PAGE = 120
PICTURES_SHOWN = 60


@never_cache
@require_safe
def trash_list(request: HttpRequest) -> HttpResponse:
    """List the pictures in the user's trash, most recently trashed first."""
    pictures = defer_details(trashed_pictures(request.user.pk))
    page = paginate_by_instant(pictures, request.GET, PICTURES_PER_PAGE, F("trashed_at"))
    return render(request, "uploads/trash.html", {"page": page, "trash_days": settings.TRASH_DAYS})


@require_button("upload-list")
def trash_pictures(request: HttpRequest) -> HttpResponse:
    """Move pictures to the trash. The `picture` parameters contain their ids."""
    ids = chosen_pictures(request)
    if not ids:
        messages.warning(request, _("No pictures selected. Select some first."))
        return back(request, "upload-list")
    with refusals_as_messages(request):
        count, at = services.trash_pictures(owner_scope(request.user), ids)
        text = ngettext("%(count)s picture moved to the trash.", "%(count)s pictures moved to the trash.", count)
        undo = f"{reverse('trash-undo')}?{urlencode({'at': at.isoformat()})}"
        # The message template shows an "Undo" button that posts to the URL in `extra_tags`.
        messages.success(request, text % {"count": count}, extra_tags=undo if count else "")
    return back(request, "upload-list")


@require_button("upload-list")
def undo_trash(request: HttpRequest) -> HttpResponse:
    """Restore the pictures that one command moved to the trash. The parameter `at` is the time of that command."""
    at = parse_time(request.GET.get("at", ""))
    if at is not None and services.undo_trash(owner_scope(request.user), at):
        messages.success(request, _("Restored."))
    return back(request, "upload-list")


@require_button("trash")
def restore(request: HttpRequest) -> HttpResponse:
    """Restore pictures. The `picture` parameters contain their ids."""
    with refusals_as_messages(request):
        count = services.restore_pictures(owner_scope(request.user), chosen_pictures(request))
        text = ngettext("%(count)s picture restored.", "%(count)s pictures restored.", count)
        messages.success(request, text % {"count": count})
    return back(request, "trash")


@require_button("trash")
def delete(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, then permanently delete pictures in the trash.

    The `picture` parameters contain their ids.
    """
    ids = chosen_pictures(request)
    own = trashed_pictures(request.user.pk).filter(id__in=ids)
    pictures = list(defer_details(own).order_by("-id")[: services.MAX_PICTURES])
    if "confirmed" in request.POST or not pictures:
        return _delete(request, ids)
    context = {
        "pictures": pictures,
        "shown": pictures[:PICTURES_SHOWN],
        "more": len(pictures) - PICTURES_SHOWN,
        "parts": Upload.objects.filter(part_of__in=pictures, trashed_at__isnull=False).exclude(id__in=ids).count(),
    }
    return render(request, "uploads/trash_delete.html", context)


@require_button("trash")
def empty(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, then permanently delete what was in the user's trash when the confirmation was shown."""
    until = parse_time(request.POST.get("until", ""))
    if "confirmed" not in request.POST or until is None:
        now = timezone.now()
        files = trashed_pictures(request.user.pk).filter(trashed_at__lte=now).count()
        return render(request, "uploads/trash_empty.html", {"files": files, "until": now.isoformat()})
    services.empty_trash(owner_scope(request.user), until)
    messages.success(request, _("The trash is being emptied."))
    return redirect("trash")


def _delete(request: HttpRequest, ids: set[int]) -> HttpResponse:
    with refusals_as_messages(request):
        deleted = services.delete_trashed(owner_scope(request.user), ids)
        text = ngettext("%(count)s file permanently deleted.", "%(count)s files permanently deleted.", deleted)
        messages.success(request, text % {"count": deleted})
    return redirect("trash")
