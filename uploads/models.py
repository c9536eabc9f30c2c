"""Models of the library: stored pictures and videos, and the results of processing them."""

import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from uploads.media.sniff import ARCHIVES

INSTANT = Coalesce("taken_at", "created_at")
"""When a picture was taken or, if that is unknown, when it was added."""


class MediaKind(models.TextChoices):
    """Whether a file is a picture, a video or an archive. Archives are deleted once their files are imported."""

    IMAGE = "image", _("Picture")
    VIDEO = "video", _("Video")
    ARCHIVE = "archive", _("Archive")

    @classmethod
    def from_mime_type(cls, mime_type: str) -> "MediaKind":
        """Return the kind of file that has this MIME type, which must be supported."""
        if mime_type in ARCHIVES:
            return cls.ARCHIVE
        return cls.VIDEO if mime_type.startswith("video/") else cls.IMAGE


class TakenSource(models.TextChoices):
    """Where the date of a picture or video comes from."""

    EXIF = "exif", _("EXIF data")
    GPS = "gps", _("GPS time")
    CONTAINER = "container", _("video data")
    SIDECAR = "sidecar", _("sidecar file")
    NAME = "name", _("file name")


class Upload(models.Model):
    """One stored file of one owner, and the results of processing it.

    (owner, sha256) is unique: the same bytes are stored once per owner and never shared between owners. `key` is the
    opaque part of the upload's storage names. `processed_at` is null until processing has succeeded once; processing
    the upload again replaces all results in one transaction.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="uploads",
        db_index=False,
        verbose_name=_("owner"),
    )
    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    sha256 = models.CharField(_("sha256"), max_length=64)
    filename = models.CharField(_("filename"), max_length=255)
    size = models.BigIntegerField(_("size"), help_text=_("Bytes."))
    mime_type = models.CharField(_("mime type"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=MediaKind)
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    duration = models.FloatField(_("duration"), null=True, blank=True, help_text=_("Seconds."))
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    utc_offset = models.SmallIntegerField(
        _("UTC offset"), null=True, blank=True, help_text=_("Minutes; empty if the camera recorded no time zone.")
    )
    taken_source = models.CharField(
        _("source of the date"), max_length=10, choices=TakenSource, blank=True, help_text=_("Blank without a date.")
    )
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    camera = models.CharField(_("camera"), max_length=200, blank=True)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    previews = models.JSONField(
        _("previews"), default=dict, blank=True, help_text=_("Longest side in pixels: name in storage.")
    )
    labels = models.JSONField(_("labels"), default=list, blank=True)
    description = models.TextField(_("description"), blank=True)
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="upload_once_per_owner"),
            models.CheckConstraint(condition=Q(kind__in=MediaKind.values), name="upload_kind_known"),
            models.CheckConstraint(condition=Q(size__gt=0), name="upload_not_empty"),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="upload_owner_newest"),
            # The order of the library.
            models.Index(F("owner"), INSTANT.desc(), F("id").desc(), name="upload_owner_instant"),
            # The preflight uses this index to look up sizes before files are sent, and the quota to sum up sizes.
            models.Index(fields=["owner", "size"], name="upload_owner_size"),
            models.Index(fields=["id"], name="upload_archive", condition=Q(kind=MediaKind.ARCHIVE)),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def camera_time(self) -> datetime | None:
        """When the picture was taken by the camera's clock. It has no time zone, so that pages do not convert it."""
        if self.taken_at is None:
            return None
        return (self.taken_at.astimezone(UTC) + timedelta(minutes=self.utc_offset or 0)).replace(tzinfo=None)

    @property
    def camera_zone(self) -> str:
        """The time zone of `camera_time`, such as “UTC+02:00”; blank if the camera recorded none."""
        if self.utc_offset is None:
            return ""
        hours, minutes = divmod(abs(self.utc_offset), 60)
        return f"UTC{'-' if self.utc_offset < 0 else '+'}{hours:02}:{minutes:02}"


class Embedding(models.Model):
    """The unit vector that one model computed for an upload."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="embeddings", db_index=False)
    model = models.CharField(max_length=100)
    vector = VectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "model"], name="embedding_once_per_model")]

    def __str__(self) -> str:
        return f"{self.model} of upload {self.upload_id}"


class FileDeletion(models.Model):
    """A deleted upload whose stored files still have to be removed.

    The row is created in the transaction that deletes the upload, and is deleted once the files are removed.
    `previews` is copied from the upload. The files are not touched before `due_at`, which each attempt postpones. See
    uploads/storage/file_deletion.py.
    """

    key = models.UUIDField(unique=True)
    previews = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="filedeletion_due")]

    def __str__(self) -> str:
        return str(self.key)
