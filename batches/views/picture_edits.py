"""Views that change the dates, locations and visibility of pictures. `picture` parameters contain the pictures' ids."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches import services
from batches.services import EditResult, owner_scope
from batches.views.edit_forms import DateForm, LocationForm, zone_names
from batches.views.page_requests import missing_as_404, refusals_as_messages
from uploads.button_requests import back, back_url, chosen_pictures, require_button
from uploads.models import SearchTerm, Upload, defer_details
from uploads.sidecars.own_edits import ARCHIVED, LOCATION, TIME, set_archived

PICTURES_SHOWN = 12
PLACES_OFFERED = 300


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_dates(request: HttpRequest) -> HttpResponse:
    """Show the form for changing the dates of pictures or, once it is submitted, change them.

    A request without the form field `how` only shows the form. The button for selected pictures sends only their ids.
    """
    return _edit(request, TIME, DateForm, "uploads/edit_dates.html", _say_dates)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_locations(request: HttpRequest) -> HttpResponse:
    """Show the form for changing the locations of pictures, or change them. See edit_dates()."""
    return _edit(request, LOCATION, LocationForm, "uploads/edit_locations.html", _say_locations)


@require_button("upload-list")
def hide(request: HttpRequest) -> HttpResponse:
    """Archive pictures. Only searches for archived pictures find them."""
    return _set_archived(request, archived=True)


@require_button("upload-list")
def unhide(request: HttpRequest) -> HttpResponse:
    """Unarchive pictures, so that they are shown again."""
    return _set_archived(request, archived=False)


@require_button("upload-list")
@missing_as_404()
def undo(request: HttpRequest, edit_id: int) -> HttpResponse:
    """Undo a change of dates, locations or visibility."""
    services.undo_edit(owner_scope(request.user), edit_id)
    messages.success(request, _("Undone."))
    return back(request, "upload-list")


def _edit(
    request: HttpRequest, key: str, form_class: type[DateForm | LocationForm], template: str, say: Callable[..., str]
) -> HttpResponse:
    ids = chosen_pictures(request)
    own = owner_scope(request.user).filter(Upload.objects.filter(id__in=ids))
    pictures = list(defer_details(own).order_by("id")[:PICTURES_SHOWN])
    if not pictures:
        messages.warning(request, _("No pictures selected. Select some first."))
        return back(request, "upload-list")
    form = form_class(request.POST if "how" in request.POST else None)
    if form.is_valid():
        with refusals_as_messages(request):
            _report(request, services.edit_pictures(owner_scope(request.user), ids, key, form.change()), say)
        return back(request, "upload-list")
    return render(request, template, _context(request, form, pictures, ids))


def _context(request: HttpRequest, form: forms.Form, pictures: list[Upload], ids: set[int]) -> dict[str, object]:
    places = SearchTerm.objects.filter(owner_id=request.user.pk, kind=SearchTerm.Kind.PLACE).order_by("text")
    return {
        "form": form,
        "shown": pictures,
        "ids": sorted(ids),
        "more": len(ids) - len(pictures),
        "back_url": back_url(request, "upload-list"),
        "zones": zone_names() if isinstance(form, DateForm) else (),
        "places": places.values_list("text", flat=True)[:PLACES_OFFERED] if isinstance(form, LocationForm) else (),
    }


def _set_archived(request: HttpRequest, *, archived: bool) -> HttpResponse:
    scope, ids = owner_scope(request.user), chosen_pictures(request)
    with refusals_as_messages(request):
        _report(
            request,
            services.edit_pictures(scope, ids, ARCHIVED, set_archived(archived)),
            _say_hidden if archived else _say_unhidden,
        )
    return back(request, "upload-list")


def _report(request: HttpRequest, result: EditResult, say: Callable[[int], str]) -> None:
    """Add messages that say what was changed, with a button to undo it, and how many pictures could not be changed."""
    if result.edit_id:
        undo = reverse("upload-edit-undo", args=[result.edit_id])
        messages.success(request, say(result.changed), extra_tags=undo)
    elif not result.skipped:
        messages.info(request, _("Nothing to change."))
    if result.skipped:
        text = ngettext(
            "%(count)s picture has no date to change.",
            "%(count)s pictures have no date to change.",
            result.skipped,
        )
        messages.warning(request, text % {"count": result.skipped})


def _say_dates(count: int) -> str:
    return ngettext("Date of %(count)s picture changed.", "Dates of %(count)s pictures changed.", count) % {
        "count": count
    }


def _say_locations(count: int) -> str:
    text = ngettext("Location of %(count)s picture changed.", "Locations of %(count)s pictures changed.", count)
    return text % {"count": count}


def _say_hidden(count: int) -> str:
    return ngettext("%(count)s picture hidden.", "%(count)s pictures hidden.", count) % {"count": count}


def _say_unhidden(count: int) -> str:
    text = ngettext("%(count)s picture unhidden.", "%(count)s pictures unhidden.", count)
    return text % {"count": count}
