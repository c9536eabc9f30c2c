"""The upload page, its form for use without JavaScript, and the views that let its script open and seal batches."""

import re
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from batches import services
from batches.engine.refusals import Refused
from batches.intake.file_name import FileName
from batches.intake.ignored_files import EXPORT_FILE, JUNK_FILE, JUNK_FOLDER
from batches.intake.manifest import open_for_files
from batches.intake.owner_limits import RateExceeded
from batches.intake.quota import free_bytes
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from batches.models.batch_name import MAX_NAME_LENGTH, clean_name
from batches.models.error_codes import ERROR_CODES, error_text, refusal_message
from batches.services import owner_scope
from batches.views.json_requests import BadRequest, SignedInRequest, field, json_errors, malformed, number, text
from uploads.analysis.disclosure import disclose
from uploads.media.formats import RAW_NAME, SUPPORTED_NAMES
from uploads.sidecars.folders import FOLDER_PATTERNS
from uploads.sidecars.names import NAME_PATTERNS

CHUNK_BYTES = 8 * 2**20
UPLOAD_REFUSALS = (
    "batch.full",
    "batch.reanalysis",
    "database.away",
    "rate.exceeded",
    "server.error",
    "tus.too_long",
    "upload.busy",
)
_ID = re.compile("[0-9]{1,18}", re.ASCII)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_batch(request: SignedInRequest) -> HttpResponse:
    """Show the upload page on GET. On POST, receive all files of its form, which is sent if JavaScript is disabled.

    With `?batch=`, the script adds the files to the user's batch with this id.
    """
    if request.method == "POST":
        files = request.FILES.getlist("files")
        if files:
            return _receive_form(request, files)
        messages.error(request, _("No files selected. Select one or more, then press “Upload”."))
    context = {
        "body_bytes": settings.MAX_BODY_BYTES,
        "body_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
        "kinds": _kinds(),
        "private": disclose().private,
        "batch": _requested_batch(request),
        "max_length": MAX_NAME_LENGTH,
        "sidecar_patterns": NAME_PATTERNS | FOLDER_PATTERNS,
    }
    return render(request, "batches/upload.html", script_context(request) | context)


def script_context(request: SignedInRequest) -> dict[str, Any]:
    """Return the template context that the upload scripts of a page need."""
    return {
        "chunk_bytes": min(CHUNK_BYTES, settings.MAX_BODY_BYTES),
        "free_bytes": free_bytes(request.user.pk),
        "error_texts": _error_texts(),
        "ignored_files": {"file": JUNK_FILE, "folder": JUNK_FOLDER, "export": EXPORT_FILE},
    }


def _requested_batch(request: SignedInRequest) -> UploadBatch | None:
    """Return the batch whose id is in the query string, if any.

    Raises Http404 unless the batch belongs to the user and accepts files.
    """
    requested = request.GET.get("batch")
    if requested is None:
        return None
    if not _ID.fullmatch(requested):
        raise Http404
    return get_object_or_404(open_for_files(owner_scope(request.user)), id=int(requested))


def _kinds() -> str:
    """Return the supported kinds of files as text, such as “JPEG, PNG, WebP and GIF”."""
    names = [_("raw photos") if name == RAW_NAME else name for name in SUPPORTED_NAMES]
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


def _error_texts() -> dict[str, tuple[str, bool]]:
    """Return, for each code that stops a file or the upload, its text and whether to append the server's message.

    Refusals whose message contains values are left out; the page shows the server's message for them.
    """
    files = {code: (error.text, bool(error.detail)) for code, error in ERROR_CODES.items()}
    return files | {code: (refusal_message(code), False) for code in UPLOAD_REFUSALS}


def _receive_form(request: SignedInRequest, files: list[Any]) -> HttpResponse:
    """Receive the files of a form into a new batch and seal it, so that it completes even if all files are refused."""
    scope = owner_scope(request.user)
    try:
        batch = services.open_batch(scope, _name(request.POST.get("name", "")), expected_items=len(files))
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("batch-new")
    try:
        for position, file in enumerate(files):
            # A form sends no folders or times, so use the position to distinguish files with the same name and size.
            name = FileName(file.name or str(position), file.size or 0, last_modified=f"form {position}")
            receive_file(batch, name, file.open("rb"))
    except Refused as refusal:
        messages.error(request, error_text(refusal.code, refusal.message).text)
    finally:
        services.seal_batch(scope, batch.id)
    return redirect("batch-detail", batch.id)


@require_POST
@json_errors
def open_batch(request: SignedInRequest) -> JsonResponse:
    """Open a batch for the script: JSON {name, expected_items} → 201 {id, url, tus_url}."""
    name, expected = text(field(request, "name"), "name"), number(field(request, "expected_items"), "expected_items")
    if not expected:
        raise malformed("`expected_items` must be positive")
    if expected > settings.MAX_BATCH_FILES:
        raise BadRequest(413, "batch.too_many_files", limit=intcomma(settings.MAX_BATCH_FILES))
    try:
        batch = services.open_batch(owner_scope(request.user), _name(name), expected_items=expected)
    except Refused as refusal:
        return _refused(refusal)
    url = reverse("batch-detail", args=[batch.id])
    return JsonResponse({"id": batch.id, "url": url, "tus_url": "/tus/"}, status=201)


@require_POST
@json_errors
def seal(request: SignedInRequest, batch_id: int) -> HttpResponse:
    """Seal the batch after its files have been sent → 204, even if already sealed; 404 if it is not the user's."""
    try:
        services.seal_batch(owner_scope(request.user), batch_id)
    except services.NotFound as error:
        raise BadRequest(404, "batch.unknown") from error
    return HttpResponse(status=204)


def _name(name: str) -> str:
    """Return the cleaned name or, if that is blank, a name that contains today's date."""
    today: date = timezone.localdate()
    day = date_format(today, pgettext("format of a date", "j F Y"))
    return clean_name(name) or _("Import on %(day)s") % {"day": day}


def _refused(refusal: Refused) -> JsonResponse:
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, RateExceeded) else {}
    content = {"code": refusal.code, "error": refusal.message}
    return JsonResponse(content, status=429 if headers else 409, headers=headers)
