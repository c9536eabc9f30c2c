"""The timeline of the user's pictures."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from uploads.similar.groups import open_pairs
from uploads.timeline import read_page
from uploads.timeline_scale import read_scale, total_text
from uploads.views.htmx_request import HtmxRequest


@require_safe
@vary_on_headers("HX-Request")
def upload_list(request: HtmxRequest) -> HttpResponse:
    """Show a page of the user's timeline. A script loads further pages and adds them to the document.

    The script's requests have the header HX-Request. Their responses contain only the timeline, scale and pager.
    """
    owner_id = request.user.pk or 0
    page = read_page(owner_id, request.GET)
    scale = read_scale(owner_id, page)
    context = {
        "page": page,
        "scale": scale,
        "total": total_text(scale),
        "has_near_duplicates": open_pairs(owner_id).exists,
    }
    template = "uploads/_timeline_page.html" if request.htmx else "uploads/upload_list.html"
    return render(request, template, context)
