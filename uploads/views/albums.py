"""Pages and buttons for the user's albums and their share links."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from uploads.albums import (
    add_pictures,
    album_files,
    album_pictures,
    create_album,
    move_to_front,
    own_albums,
    remove_pictures,
    with_covers,
)
from uploads.button_requests import chosen_pictures, require_button
from uploads.models import Album, Upload, defer_details
from uploads.models.album import MAX_ALBUM_NAME
from uploads.pagination import Page, page_number, parse_id
from uploads.shares import create_link, revoke_link
from uploads.text import storable
from uploads.views.zip_download import zip_response

PICTURES_PER_PAGE = 200
LINK_DAYS = (7, 30, 90, 365)
MAX_PASSWORD = 128


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def album_list(request: HttpRequest) -> HttpResponse:
    """List the user's albums; on POST, create one named by the field `name`."""
    if request.method == "POST":
        name = _name(request)
        if not name:
            messages.warning(request, _("Enter a name for the album."))
            return redirect("albums")
        return redirect("album", create_album(request.user.pk or 0, name).pk)
    albums = list(with_covers(own_albums(request.user.pk)))
    covers = Upload.objects.in_bulk([album.cover_id for album in albums if album.cover_id])
    rows = [(album, covers.get(album.cover_id)) for album in albums]
    return render(request, "uploads/albums.html", {"albums": rows})


@never_cache
@require_safe
def album_detail(request: HttpRequest, album_id: int) -> HttpResponse:
    """Show a page of an album's pictures, and the album's links."""
    album = _own_album(request, album_id)
    page = album_page(album, request)
    links = album.share_links.order_by("-id")
    context = {
        "album": album,
        "list": f"album:{album.pk}",
        "page": page,
        "links": links,
        "link_days": LINK_DAYS,
        "origin": _origin(request),
    }
    return render(request, "uploads/album.html", context)


@never_cache
@require_button("upload-list")
def add_to_album(request: HttpRequest) -> HttpResponse:
    """Add the pictures whose ids are in the `picture` parameters to an album.

    The parameter `album` is the id of an existing album; without it, `name` is the name of a new one. If both are
    missing, ask the user to choose an album.
    """
    ids, number, name = chosen_pictures(request), parse_id(request.POST.get("album")), _name(request)
    if not ids:
        messages.warning(request, _("No pictures selected. Select some first."))
        return redirect("upload-list")
    if number is not None:
        album = _own_album(request, number)
    elif name:
        album = create_album(request.user.pk or 0, name)
    else:
        return render(request, "uploads/album_add.html", {"ids": sorted(ids), "albums": own_albums(request.user.pk)})
    added = add_pictures(album, ids)
    text = ngettext("%(count)s picture added to the album.", "%(count)s pictures added to the album.", added)
    messages.success(request, text % {"count": added})
    return redirect("album", album.pk)


@require_button("album", "album_id")
def change_album(request: HttpRequest, album_id: int) -> HttpResponse:
    """Rename the album to `name`, move pictures to its front (`front`), or remove pictures from it (`remove`).

    The `picture` parameters are the ids of those pictures.
    """
    album, ids = _own_album(request, album_id), chosen_pictures(request)
    if "remove" in request.POST:
        removed = remove_pictures(album, ids)
        text = ngettext(
            "%(count)s picture removed from the album.", "%(count)s pictures removed from the album.", removed
        )
        messages.success(request, text % {"count": removed})
    elif "front" in request.POST:
        move_to_front(album, sorted(ids))
    elif name := _name(request):
        Album.objects.filter(id=album.pk).update(name=name)
    return redirect("album", album.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_album(request: HttpRequest, album_id: int) -> HttpResponse:
    """Ask for confirmation on GET; delete the album on POST. Its pictures stay in the library."""
    album = _own_album(request, album_id)
    if request.method != "POST":
        return render(request, "uploads/album_delete.html", {"album": album})
    album.delete()
    messages.success(request, _("Album deleted. Its pictures are still in your library."))
    return redirect("albums")


@require_button("album", "album_id")
def download_album(request: HttpRequest, album_id: int) -> HttpResponseBase:
    """Send the album's originals as a ZIP archive, with their parts."""
    album = _own_album(request, album_id)
    return zip_response(album_files(album), album.name)


@require_button("album", "album_id")
def share_album(request: HttpRequest, album_id: int) -> HttpResponse:
    """Create a link to the album. The link works for `days` days."""
    album = _own_album(request, album_id)
    days = request.POST.get("days", "")
    if days not in map(str, LINK_DAYS):
        messages.warning(request, _("Choose when the link expires."))
        return redirect("album", album.pk)
    until = timezone.now() + timedelta(days=int(days))
    password = storable(request.POST.get("password", ""))[:MAX_PASSWORD]
    create_link(album, until, password, allows_originals="originals" in request.POST)
    messages.success(request, _("Link created. Anyone with the link can see this album."))
    return redirect("album", album.pk)


@require_button("album", "album_id")
def revoke_share(request: HttpRequest, album_id: int, link_id: int) -> HttpResponse:
    album = _own_album(request, album_id)
    if revoke_link(request.user.pk, link_id):
        messages.success(request, _("Link revoked. It no longer works."))
    return redirect("album", album.pk)


def album_page(album: Album, request: HttpRequest) -> Page[Upload]:
    """Return the page of the album's pictures that the query string requests."""
    number, start = page_number(request.GET), page_start(request)
    found = list(defer_details(album_pictures(album))[start : start + PICTURES_PER_PAGE + 1])
    following = f"page={number + 1}" if len(found) > PICTURES_PER_PAGE else ""
    return Page(found[:PICTURES_PER_PAGE], following, f"page={number - 1}" if number > 1 else "")


def page_start(request: HttpRequest) -> int:
    """Return how many of an album's pictures precede the page that the query string requests."""
    return (page_number(request.GET) - 1) * PICTURES_PER_PAGE


def _own_album(request: HttpRequest, album_id: int) -> Album:
    return get_object_or_404(Album, id=album_id, owner_id=request.user.pk)


def _name(request: HttpRequest) -> str:
    return " ".join(storable(request.POST.get("name", "")).split())[:MAX_ALBUM_NAME]


def _origin(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")[:-1]
