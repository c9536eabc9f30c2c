"""Pages for visitors with a share link. They show only one album, and ask search engines not to list them.

Every URL under a link that no longer works returns 404. Browsers revalidate files each time, so revoking a link takes
effect immediately.
"""

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from uploads.albums import album_files, album_pictures
from uploads.models import ShareLink, Upload
from uploads.picture_lists import in_album
from uploads.preview_urls import LIST_SIDE, PAGE_SIDE
from uploads.shares import count_view, find_link, is_unlocked, unlock
from uploads.views.albums import MAX_PASSWORD, album_page, page_start
from uploads.views.files import send_original, send_preview
from uploads.views.zip_download import zip_response


@login_not_required
@require_safe
def shared_album(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the album, or ask for its password. Views of the album are counted, except those by its owner."""
    link = _find(token)
    if not is_unlocked(request, link):
        return _private(render(request, "uploads/shared_password.html", {"link": link}))
    if link.album.owner_id != request.user.pk:
        count_view(link)
    page, first = album_page(link.album, request), page_start(request) + 1
    context = {"link": link, "album": link.album, "page": page, "first": first}
    return _private(render(request, "uploads/shared_album.html", context))


@login_not_required
@require_POST
def unlock_shared(request: HttpRequest, token: str) -> HttpResponseBase:
    """Check the password. If it is right, redirect to the album; otherwise, ask for it again."""
    link = _find(token)
    if is_unlocked(request, link) or unlock(request, link, request.POST.get("password", "")[:MAX_PASSWORD]):
        return _private(redirect("shared-album", token))
    context = {"link": link, "wrong": True}
    return _private(render(request, "uploads/shared_password.html", context, status=403))


@login_not_required
@require_safe
def shared_picture(request: HttpRequest, token: str, upload_id: int) -> HttpResponseBase:
    """Show one picture of the album, with links to the pictures before and after it."""
    link = _find_unlocked(request, token)
    upload = _picture(link, upload_id)
    context = {"link": link, "album": link.album, "upload": upload, "near": in_album(link.album, upload)}
    return _private(render(request, "uploads/shared_picture.html", context))


@login_not_required
@require_safe
async def shared_preview(request: HttpRequest, token: str, upload_id: int, side: int) -> HttpResponseBase:
    """Send a preview of one picture of the album."""
    upload = await _open_picture(request, token, upload_id)
    if side not in (LIST_SIDE, PAGE_SIDE):
        raise Http404
    return _private(await send_preview(request, upload, side))


@login_not_required
@require_safe
async def shared_original(request: HttpRequest, token: str, upload_id: int) -> HttpResponseBase:
    """Send the original of one picture, if the link allows it."""
    upload = await _open_picture(request, token, upload_id, original=True)
    return _private(await send_original(request, upload))


@login_not_required
@require_POST
def download_shared(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the album's originals as a ZIP archive, with their parts, if the link allows it."""
    link = _find_unlocked(request, token, original=True)
    return _private(zip_response(album_files(link.album), link.album.name))


def _find(token: str) -> ShareLink:
    link = find_link(token)
    if link is None:
        raise Http404
    return link


def _find_unlocked(request: HttpRequest, token: str, *, original: bool = False) -> ShareLink:
    link = _find(token)
    if not is_unlocked(request, link) or (original and not link.allows_originals):
        raise Http404
    return link


def _picture(link: ShareLink, upload_id: int) -> Upload:
    upload = album_pictures(link.album).filter(id=upload_id).first()
    if upload is None:
        raise Http404
    return upload


async def _open_picture(request: HttpRequest, token: str, upload_id: int, *, original: bool = False) -> Upload:
    @sync_to_async
    def find() -> Upload:
        return _picture(_find_unlocked(request, token, original=original), upload_id)

    return await find()


def _private(response: HttpResponseBase) -> HttpResponseBase:
    """Keep a response out of search engines, and its URL out of Referer headers."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
