"""Share links of albums: create and revoke them, and check who may open one.

A link that is expired or revoked, or whose owner is deactivated, is treated like an unknown one. Visitors enter a
password once per session. Wrong passwords are counted per link and IP address, with the same limit as for signing in.
"""

from datetime import datetime

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.signals import user_login_failed
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from uploads.models import Album, ShareLink, open_share_links

_UNLOCKED = "unlocked_share_links"
MAX_UNLOCKED = 50
"""The maximum number of links that a session remembers as unlocked."""


def create_link(album: Album, expires_at: datetime, password: str, *, allows_originals: bool) -> ShareLink:
    """Create a link to the album. If `password` is blank, visitors need none."""
    return ShareLink.objects.create(
        album=album,
        expires_at=expires_at,
        password=make_password(password) if password else "",
        allows_originals=allows_originals,
    )


def revoke_link(owner_id: int | None, link_id: int) -> bool:
    """Permanently revoke one of the owner's links. Return False if it does not exist or is already revoked."""
    own = ShareLink.objects.filter(id=link_id, album__owner_id=owner_id, revoked_at=None)
    return bool(own.update(revoked_at=timezone.now()))


def find_link(token: str) -> ShareLink | None:
    """Return the working link with this token, with its album loaded, or None if there is none."""
    return ShareLink.objects.filter(open_share_links(), token=token).select_related("album").first()


def is_unlocked(request: HttpRequest, link: ShareLink) -> bool:
    """Return whether this session may see the album: the link needs no password, or the visitor has entered it."""
    return not link.password or link.pk in request.session.get(_UNLOCKED, [])


def unlock(request: HttpRequest, link: ShareLink, password: str) -> bool:
    """Check the password. If it is right, record this in the session and return True.

    After too many wrong passwords, even the right one is refused, and django-axes replaces the response.
    """
    credentials = {"username": str(link)}
    if not AxesProxyHandler.is_allowed(request, credentials) or not check_password(password, link.password):
        user_login_failed.send(__name__, credentials=credentials, request=request)
        return False
    request.session[_UNLOCKED] = [*request.session.get(_UNLOCKED, []), link.pk][-MAX_UNLOCKED:]
    return True


def count_view(link: ShareLink) -> None:
    ShareLink.objects.filter(id=link.pk).update(views=F("views") + 1, viewed_at=timezone.now())
