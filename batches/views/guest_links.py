"""The page on which owners manage their guest links, and the page on which guests add files."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches import services
from batches.engine.refusals import Refused
from batches.intake.file_name import FileName
from batches.intake.file_part import FilePart
from batches.models import GuestLink
from batches.models.batch_name import clean_name
from batches.models.guest_link import MAX_LINK_NAME
from batches.services import owner_scope
from batches.views.page_requests import missing_as_404
from uploads.button_requests import require_button
from uploads.pagination import parse_id
from uploads.text import storable

MAX_GUEST_NAME = 80
FORM_BYTES = 2**16
"""How many bytes a request with a single file may contain in addition to the file."""
PART_BYTES = 4 * 2**20
MAX_KEY = 100
_BATCHES = "guest_batches"
MAX_REMEMBERED = 20
"""The maximum number of imports that a guest's session remembers. Later files are added to the same import."""


class GuestLinkForm(forms.Form):
    """The name, the lifetime and the limits of a new link."""

    name = forms.CharField(label=gettext_lazy("Title shown to guests"), max_length=MAX_LINK_NAME)
    days = forms.IntegerField(label=gettext_lazy("Days until the link expires"), min_value=1, max_value=365, initial=14)
    max_files = forms.IntegerField(
        label=gettext_lazy("Maximum number of files"), min_value=1, max_value=100_000, initial=1000
    )
    gigabytes = forms.IntegerField(
        label=gettext_lazy("Maximum total size in GB"), min_value=1, max_value=10_000, initial=10
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guest_links(request: HttpRequest) -> HttpResponse:
    """List the user's guest links; on POST, create one."""
    form = GuestLinkForm(request.POST or None, label_suffix="")
    if form.is_valid():
        chosen = form.cleaned_data
        until = timezone.now() + timedelta(days=chosen["days"])
        limits = chosen["max_files"], chosen["gigabytes"] * 2**30
        services.create_guest_link(owner_scope(request.user), clean_name(chosen["name"]), until, *limits)
        messages.success(request, _("Link created. Anyone with the link can add files to your library."))
        return redirect("guest-links")
    links = GuestLink.objects.filter(owner_id=request.user.pk).order_by("-id")
    context = {"form": form, "links": links, "origin": request.build_absolute_uri("/")[:-1]}
    return render(request, "batches/guest_links.html", context)


@require_button("guest-links")
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke the link whose id is in the field `link`."""
    link = parse_id(request.POST.get("link"))
    if link is not None and services.revoke_guest_link(owner_scope(request.user), link):
        messages.success(request, _("Link revoked. It no longer works."))
    return redirect("guest-links")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@missing_as_404()
def guest_upload(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form on GET. On POST, receive files. The page's script sends them in parts."""
    link = services.find_guest_link(token)
    response = _receive(request, link) if request.method == "POST" else _page(request, link)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "same-origin"
    return response


def _receive(request: HttpRequest, link: GuestLink) -> HttpResponse:
    guest = clean_name(storable(request.POST.get("guest", "")))[:MAX_GUEST_NAME]
    files = request.FILES.getlist("files")
    error, accepted = "", 0
    if not guest:
        error = _("Enter your name so that the owner knows who added the files.")
    elif not files:
        error = _("No files selected. Select one or more, then press “Upload”.")
    elif "offset" in request.POST:
        return _receive_part(request, link, guest, files[0])
    else:
        try:
            accepted, error = _add(request, link, guest, files)
        except Refused as refusal:
            error = refusal.message
    refused = len(files) - accepted
    return _page(request, link, guest=guest, error=error, accepted=accepted, refused=0 if error else refused)


def _receive_part(request: HttpRequest, link: GuestLink, guest: str, file: Any) -> HttpResponse:
    """Receive a part of a file. The name, `size` and `key` identify the file; different files have different keys.

    In the response, `received` is the offset at which the next part must begin. Once the file is `done`, `message` says
    why the file was not accepted; it is blank for an accepted file.
    """
    size, offset = parse_id(request.POST.get("size")), parse_id(request.POST.get("offset"))
    if size is None or offset is None:
        return HttpResponseBadRequest()
    key = request.POST.get("key", "")[:MAX_KEY]
    # Django has removed folders and control characters from the name of the uploaded part, but not from form fields.
    name = FileName(file.name or "file", size, last_modified=f"guest {key}")
    part = FilePart(name, offset, file.size, file.open("rb"))
    try:
        batch_id, received = services.receive_part_from_guest(link, guest, _remembered(request, link), part)
    except Refused as refusal:
        return JsonResponse({"error": refusal.message}, status=409)
    _remember(request, link, batch_id)
    if received.error:
        return JsonResponse({"error": received.error}, status=409)
    done = received.outcome
    message = done.message if done and done.state == "refused" else ""
    return JsonResponse({"received": received.received, "done": done is not None, "message": message})


def _add(request: HttpRequest, link: GuestLink, guest: str, files: list[Any]) -> tuple[int, str]:
    """Add the files; return how many were accepted, and why the rest were not received. Raises Refused."""
    received = services.receive_from_guest(link, guest, _remembered(request, link), files)
    _remember(request, link, received.batch_id)
    return received.accepted, received.error


def _remembered(request: HttpRequest, link: GuestLink) -> int | None:
    found: dict[str, int] = request.session.get(_BATCHES, {})
    return found.get(str(link.pk))


def _remember(request: HttpRequest, link: GuestLink, batch_id: int) -> None:
    found: dict[str, int] = request.session.get(_BATCHES, {})
    others = [(key, value) for key, value in found.items() if key != str(link.pk)]
    request.session[_BATCHES] = dict([*others, (str(link.pk), batch_id)][-MAX_REMEMBERED:])


def _page(request: HttpRequest, link: GuestLink, **result: object) -> HttpResponse:
    largest = settings.MAX_BODY_BYTES - FORM_BYTES
    context = {"link": link, "max_length": MAX_GUEST_NAME, "max_bytes": largest, "part_bytes": PART_BYTES, **result}
    return render(request, "batches/guest_upload.html", context, status=409 if result.get("error") else 200)
