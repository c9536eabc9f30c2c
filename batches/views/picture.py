"""The picture page, with the picture's neighbours in the list that the user is browsing, and the page's forms."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import normalize_newlines
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from batches import services
from batches.services import owner_scope
from batches.views.batch_pictures import in_batch
from batches.views.page_requests import missing_as_404
from uploads.button_requests import require_button
from uploads.models import Album, MediaKind, Upload, defer_details
from uploads.pagination import parse_id
from uploads.picture_lists import Neighbours, in_album, in_search, in_similar, in_timeline, in_trash
from uploads.search.options import SearchOptions
from uploads.text import storable
from uploads.timeline import place_of

PARTS_SHOWN = 200
MAX_DESCRIPTION = 5_000
MAX_QUERY = 500


@dataclass(frozen=True, slots=True)
class PictureList:
    """The list that the user is browsing: its name, its URL, and the parameters of links to other pictures in it."""

    name: str
    url: str
    parameters: str
    neighbours: Neighbours


@require_safe
def upload_detail(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Show one of the user's pictures in the list that the parameter `in` names.

    `in` is `import:<id>`, `album:<id>`, `search:<query>`, `similar:<id>` or `trash`; by default, the list is the
    library.
    """
    own = Upload.objects.filter(owner_id=request.user.pk).exclude(kind=MediaKind.ARCHIVE)
    upload = get_object_or_404(own.select_related("part_of").defer("words", "part_of__words"), id=upload_id)
    parts = defer_details(own.filter(part_of=upload, trashed_at=upload.trashed_at))
    context = {
        "upload": upload,
        "parts": parts.order_by("part_role", "filename", "id")[:PARTS_SHOWN],
        "list": _open_list(request, upload),
        "max_description": MAX_DESCRIPTION,
    }
    return render(request, "uploads/upload_detail.html", context)


@require_button("upload-detail", "upload_id")
@missing_as_404()
def edit_description(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Replace the description with `text`; an empty text restores the original one."""
    # Browsers send line breaks as CRLF. Without normalisation, an unchanged text would count as edited.
    text = storable(normalize_newlines(request.POST.get("text", "")).strip()[:MAX_DESCRIPTION])
    services.edit_description(owner_scope(request.user), upload_id, text)
    return _back(request, upload_id)


@require_button("upload-detail", "upload_id")
@missing_as_404()
def edit_labels(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Remove the label named by `remove`, or restore the removed label named by `restore`."""
    scope = owner_scope(request.user)
    if name := request.POST.get("remove", ""):
        services.remove_label(scope, upload_id, name)
        messages.success(request, _("Label “%(name)s” removed.") % {"name": name[:100]})
    else:
        services.restore_label(scope, upload_id, request.POST.get("restore", ""))
    return _back(request, upload_id)


def _back(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Redirect to the picture's page, in the list that the form names."""
    chosen = {name: value for name in ("in", "sort", "exact") if (value := request.POST.get(name))}
    address = reverse("upload-detail", args=[upload_id])
    return redirect(f"{address}?{urlencode(chosen)}" if chosen else address)


def _open_list(request: HttpRequest, upload: Upload) -> PictureList:
    kind, _colon, value = request.GET.get("in", "")[:MAX_QUERY].partition(":")
    id, found = parse_id(value), None
    if kind == "search" and value:
        found = _search_list(storable(value), upload, SearchOptions.of(request.GET))
    elif kind == "trash":
        found = PictureList(_("Trash"), reverse("trash"), urlencode({"in": "trash"}), in_trash(upload))
    elif kind == "import" and id is not None:
        found = _import_list(request, id, upload)
    elif kind == "album" and id is not None:
        found = _album_list(id, upload)
    elif kind == "similar" and id is not None:
        found = _similar_list(id, upload)
    return found or _library_list(upload)


def _library_list(upload: Upload) -> PictureList:
    address = reverse("upload-list")
    if upload.timeline_at is not None:
        address += "?" + urlencode({"from": place_of(upload)})
    return PictureList(_("Library"), address, "", in_timeline(upload))


def _search_list(query: str, upload: Upload, options: SearchOptions) -> PictureList:
    address = f"{reverse('search')}?{urlencode({'q': query, **options.parameters})}"
    neighbours = in_search(query, upload, by_date=options.by_date)
    return PictureList(query, address, urlencode({"in": f"search:{query}", **options.parameters}), neighbours)


def _similar_list(first_id: int, upload: Upload) -> PictureList | None:
    first = Upload.objects.filter(id=first_id, owner_id=upload.owner_id).first()
    if first is None:
        return None
    address = reverse("upload-similar", args=[first_id])
    return PictureList(
        _("Similar pictures"), address, urlencode({"in": f"similar:{first_id}"}), in_similar(first, upload)
    )


def _album_list(album_id: int, upload: Upload) -> PictureList | None:
    album = Album.objects.filter(id=album_id, owner_id=upload.owner_id).first()
    if album is None:
        return None
    address = reverse("album", args=[album_id])
    return PictureList(album.name, address, urlencode({"in": f"album:{album_id}"}), in_album(album, upload))


def _import_list(request: HttpRequest, batch_id: int, upload: Upload) -> PictureList | None:
    batch = owner_scope(request.user).batches().filter(id=batch_id).first()
    if batch is None:
        return None
    address = reverse("batch-detail", args=[batch_id])
    return PictureList(batch.name, address, urlencode({"in": f"import:{batch_id}"}), in_batch(batch, upload))
