"""Pages of similar pictures and of near duplicates."""

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from uploads.button_requests import require_button
from uploads.models import MediaKind, Upload, defer_details
from uploads.pagination import Page, parse_ids
from uploads.search.transaction import SearchTooSlow
from uploads.similar.components import MAX_MEMBERS
from uploads.similar.groups import GROUPS_PER_PAGE, keep_all, list_groups
from uploads.similar.neighbours import similar_pictures


@require_safe
def similar_page(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Show the user's pictures that look most like the picture `upload_id`. For htmx, return only the list."""
    own = Upload.objects.filter(owner_id=request.user.pk).exclude(kind=MediaKind.ARCHIVE)
    upload = get_object_or_404(defer_details(own), id=upload_id)
    try:
        similar = similar_pictures(upload)
    except SearchTooSlow:
        similar = []
        messages.warning(request, _("Comparing your pictures took too long. Try again later."))
    template = "uploads/_similar.html" if "HX-Request" in request.headers else "uploads/similar.html"
    return render(request, template, {"upload": upload, "similar": similar, "list": f"similar:{upload_id}"})


@require_safe
def near_duplicates(request: HttpRequest) -> HttpResponse:
    """List groups of the user's pictures that look almost the same."""
    text = request.GET.get("page", "")
    number = int(text) if re.fullmatch("[1-9][0-9]{0,5}", text) else 1
    groups, total = list_groups(request.user.pk or 0, number)
    following = urlencode({"page": number + 1}) if number * GROUPS_PER_PAGE < total else ""
    page: Page[Upload] = Page([], following, urlencode({"page": number - 1}) if number > 1 else "")
    return render(request, "uploads/near_duplicates.html", {"groups": groups, "total": total, "page": page})


@require_button("near-duplicates")
def keep_near_duplicates(request: HttpRequest) -> HttpResponse:
    """Keep all shown pictures of a group. The `id` parameters are the ids of these pictures."""
    texts = request.POST.getlist("id")[:MAX_MEMBERS]
    if keep_all(request.user.pk or 0, parse_ids(texts)):
        messages.success(request, _("Kept. These pictures are shown again only if they have other near duplicates."))
    return redirect("near-duplicates")
