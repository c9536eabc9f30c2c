"""Albums that owners create, and the links that share them."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from uploads.models.upload import Upload

MAX_ALBUM_NAME = 200


def new_token() -> str:
    """Return a token of 192 random bits for a link."""
    return secrets.token_urlsafe(24)


class Album(models.Model):
    """A list of pictures that its owner created. Albums named by sidecars have no row; see `Upload.albums`."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=MAX_ALBUM_NAME)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-id"], name="album_owner")]

    def __str__(self) -> str:
        return self.name


class AlbumEntry(models.Model):
    """A picture in an album. Pictures are shown in the order of `position`, then of `id`."""

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="entries", db_index=False)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="album_entries")
    position = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["album", "upload"], name="albumentry_once")]
        indexes = [models.Index(fields=["album", "position", "id"], name="albumentry_order")]

    def __str__(self) -> str:
        return f"upload {self.upload_id} in album {self.album_id}"


class ShareLink(models.Model):
    """A link with which visitors can see an album until the link expires or is revoked.

    `token` is not hashed, so that the owner can copy the link again. A hash would protect little, because anyone who
    can read this table can also read session keys. `password` is hashed; blank if the link has no password.
    """

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="share_links")
    token = models.CharField(max_length=43, unique=True, default=new_token)
    password = models.CharField(max_length=128, blank=True, default="")
    allows_originals = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    views = models.PositiveIntegerField(default=0)
    viewed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"share link {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether the link is neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > timezone.now()


def open_share_links() -> Q:
    """Return the condition for open share links whose owner may still sign in."""
    return Q(revoked_at=None, expires_at__gt=timezone.now(), album__owner__is_active=True)
