"""Links that let people without an account add files to an owner's library."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from uploads.models.album import new_token

MAX_LINK_NAME = 100


class GuestLink(models.Model):
    """A link that lets anyone who has it add files to its owner's library, until it expires or is revoked.

    `files` and `bytes` count everything that was sent through the link, including refused and later deleted files, but
    not files that the server could not receive, for example because its disk was full. A file that arrives in parts
    counts as soon as its first part arrives; if it is never completed, it counts until its partial file expires. The
    counts never exceed `max_files` and `max_bytes`. For `token`, see ShareLink.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=MAX_LINK_NAME)
    token = models.CharField(max_length=43, unique=True, default=new_token)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    max_files = models.PositiveIntegerField()
    max_bytes = models.PositiveBigIntegerField()
    files = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(files__lte=F("max_files"), bytes__lte=F("max_bytes")), name="guestlink_within_limits"
            )
        ]
        indexes = [models.Index(fields=["owner", "-id"], name="guestlink_owner")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


def open_guest_links() -> Q:
    """Return the condition for guest links that work and whose owners may still sign in."""
    return Q(revoked_at=None, expires_at__gt=timezone.now(), owner__is_active=True)


def is_open_token(token: str) -> bool:
    """Return whether there is a working guest link with this token."""
    return GuestLink.objects.filter(open_guest_links(), token=token).exists()
