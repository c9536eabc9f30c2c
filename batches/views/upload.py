"""Adding files: the page, its form without JavaScript, and what the page's script asks besides tus."""

import re
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from batches.engine.lifecycle import open_batch as open_new
from batches.engine.lifecycle import seal_batch
from batches.engine.refusals import Refused
from batches.intake.file_name import FileName
from batches.intake.manifest import open_for_files
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from batches.models.batch_name import MAX_NAME_LENGTH, clean_name
from batches.models.error_codes import ERROR_CODES, error_text
from batches.views.json_requests import BadRequest, PersonRequest, field
from uploads.media.sniff import SUPPORTED

CHUNK_BYTES = 8 * 2**20
LARGEST_COUNT = 2**31 - 1
_ID = re.compile("[0-9]{1,18}", re.ASCII)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_batch(request: PersonRequest) -> HttpResponse:
    """Show the upload page; a POST is its form without JavaScript, whose total size is the limit of one body.

    With `?batch=` the page's script adds the files to that batch of mine.
    """
    if request.method == "POST":
        files = request.FILES.getlist("files")
        if files:
            batch = _receive_form(request, files)
            return redirect("batch-detail", batch.id)
        messages.error(request, _("No file was chosen. Choose one or more, then press “Send”."))
    context = {
        "chunk_bytes": min(CHUNK_BYTES, settings.MAX_BODY_BYTES),
        "body_bytes": settings.MAX_BODY_BYTES,
        "body_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
        "kinds": _kinds(),
        "private": settings.ANALYZER == "local",
        "batch": _wished_batch(request),
        "longest": MAX_NAME_LENGTH,
        "reasons": {code: [error_text(code).text, cause.shows_message] for code, cause in ERROR_CODES.items()},
    }
    return render(request, "batches/upload.html", context)


def _wished_batch(request: PersonRequest) -> UploadBatch | None:
    """Return my batch that the address names, if it names one; one that takes no files is not there."""
    wished = request.GET.get("batch")
    if wished is None:
        return None
    batch = open_for_files(request.user.pk).filter(id=int(wished)).first() if _ID.fullmatch(wished) else None
    if batch is None:
        raise Http404
    return batch


def _kinds() -> str:
    """Return what is taken, in words: “GIF, JPEG, PNG and WebP”."""
    names = sorted(kind.partition("/")[2].upper().replace("WEBP", "WebP") for kind in SUPPORTED)
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


def _receive_form(request: PersonRequest, files: list[Any]) -> UploadBatch:
    """Take in the files of a form and seal their batch, which completes also when all of them are refused."""
    batch = open_new(request.user.pk, _name(request.POST.get("name", "")), expected_items=len(files))
    try:
        for position, file in enumerate(files):
            # A form tells no folders and no times: the position keeps equal names of equal size apart.
            name = FileName(file.name or str(position), file.size or 0, last_modified=f"form {position}")
            receive_file(batch, name, file.open("rb"))
    except Refused as refusal:
        messages.error(request, error_text(refusal.code, refusal.message).text)
    finally:
        seal_batch(batch.id)
    return batch


@require_POST
def open_batch(request: PersonRequest) -> JsonResponse:
    """Open a batch for the script: JSON {name, expected_items} in; 201 {id, url, tus_url} out, or {error} in words."""
    try:
        name, expected = field(request, "name"), field(request, "expected_items")
    except BadRequest as refusal:
        return _error(refusal.status, refusal.message)
    if not isinstance(name, str) or type(expected) is not int or not 0 < expected <= LARGEST_COUNT:
        return _error(400, _("`name` must be a text and `expected_items` a number of files."))
    if expected > settings.MAX_BATCH_FILES:
        words = _("One batch takes %(most)s files. Send them in several parts.")
        return _error(413, words % {"most": intcomma(settings.MAX_BATCH_FILES)})
    batch = open_new(request.user.pk, _name(name), expected_items=expected)
    url = reverse("batch-detail", args=[batch.id])
    return JsonResponse({"id": batch.id, "url": url, "tus_url": "/tus/"}, status=201)


@require_POST
def seal(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Say that all files of my batch are sent: 204, also when it was sealed before; 404 when it is not mine."""
    if not UploadBatch.objects.filter(id=batch_id, owner_id=request.user.pk).exists():
        return _error(404, _("There is no such batch of yours."))
    seal_batch(batch_id)
    return HttpResponse(status=204)


def _name(wished: str) -> str:
    """Return the wished name on one line, or one made from today's date."""
    today: date = timezone.localdate()
    day = date_format(today, pgettext("format of a date", "j F Y"))
    return clean_name(wished) or _("Files of %(day)s") % {"day": day}


def _error(status: int, words: str) -> JsonResponse:
    return JsonResponse({"error": words}, status=status)
