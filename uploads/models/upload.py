"""Stored files with the results of processing them, and the files of deleted uploads that must still be removed."""

import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import JSONField, Q, Value
from django.utils.translation import gettext_lazy as _

from uploads.models.choices import MediaKind, PartRole, TakenSource
from uploads.models.expressions import CameraClock, SearchWords, TimelineTime

_EMPTY_LIST = Value([], JSONField())
_EMPTY_DICT = Value({}, JSONField())
MAX_TEXT = 10_000
TEXT_UNREAD = Q(text_model="", processed_at__isnull=False, part_of=None, trashed_at=None) & ~Q(kind=MediaKind.ARCHIVE)
"""Selects the uploads whose text is still to be read."""
SERVER_PREFIXES = ("ollama:", "openai:")
"""Prefixes of `description_model` for models on servers, which write in VUEMANTICS_DESCRIPTION_LANGUAGE."""


class Upload(models.Model):
    """One stored file of one owner, and the results of processing it.

    (owner, sha256) is unique: the same bytes are stored once per owner and never shared between owners. `key` is the
    opaque part of the upload's storage names. `processed_at` is null until processing has succeeded once; processing
    the upload again replaces all results in one transaction. `verified_at` is when the original was last compared with
    `sha256`, or was stored again. If the original is missing or damaged, the upload has a `damage` (DamagedFile).

    `description_model` is the model that wrote the description, or empty. If `description_edited` is true, processing
    never replaces the description. `audit_score` rates the description, and `regenerations` counts how often a poor one
    was regenerated; see uploads/analysis/audit.py.

    `sidecars` holds the values of the picture's sidecars by kind, and, under “file”, the time and place from the file
    itself; see uploads/sidecars/merge.py for how the columns are derived from them. `group_id` is the identifier that
    the camera wrote into all files of a live photo or burst. A part (`part_of`) is shown only with its picture. A part
    cannot have parts.

    `text_found` is the text in the picture, up to MAX_TEXT characters. `text_model` is the model that read it; empty if
    the text has not been read yet.

    `trashed_at` is set while the picture is in the trash; see uploads/trash.py. Pictures in the trash are not listed,
    found or counted.

    `tint` is the picture's average colour (“#8a7f6b”), which pages show until the preview has loaded; blank if unknown.
    `timeline_at` determines the position in the timeline; see TimelineTime.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="uploads",
        db_index=False,
        verbose_name=_("owner"),
    )
    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64)
    filename = models.CharField(_("filename"), max_length=255)
    size = models.BigIntegerField(_("size"), help_text=_("In bytes."))
    mime_type = models.CharField(_("MIME type"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=MediaKind)
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    duration = models.FloatField(_("duration"), null=True, blank=True, help_text=_("In seconds."))
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    utc_offset = models.SmallIntegerField(
        _("UTC offset"), null=True, blank=True, help_text=_("In minutes; empty if the camera recorded no time zone.")
    )
    taken_source = models.CharField(
        _("date source"),
        max_length=10,
        choices=TakenSource,
        blank=True,
        help_text=_("Blank if there is no date."),
    )
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    place = models.CharField(
        _("place"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("The city at or near the coordinates."),
    )
    camera = models.CharField(_("camera"), max_length=200, blank=True)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    previews = models.JSONField(
        _("previews"),
        default=dict,
        blank=True,
        help_text=_("Maps each preview's longest side, in pixels, to its name in storage."),
    )
    tint = models.CharField(max_length=7, blank=True, default="", db_default="", editable=False)
    labels = models.JSONField(_("labels"), default=list, blank=True)
    description = models.TextField(_("description"), blank=True)
    description_model = models.CharField(_("described by"), max_length=100, blank=True, default="", db_default="")
    description_edited = models.BooleanField(_("description edited"), default=False, db_default=False)
    audit_score = models.PositiveSmallIntegerField(
        _("audit score"), null=True, blank=True, help_text=_("0 to 100; empty before the first analysis.")
    )
    regenerations = models.PositiveIntegerField(
        _("regenerations"),
        default=0,
        db_default=0,
        help_text=_("How often a poor description was regenerated automatically."),
    )
    title = models.CharField(_("title"), max_length=200, blank=True, default="", db_default="")
    text_found = models.TextField(_("text in the picture"), blank=True, default="", db_default="")
    text_model = models.CharField(_("text read by"), max_length=100, blank=True, default="", db_default="")
    caption = models.TextField(_("caption"), blank=True, default="", db_default="")
    keywords = models.JSONField(_("keywords"), default=list, blank=True, db_default=_EMPTY_LIST)
    albums = models.JSONField(_("albums"), default=list, blank=True, db_default=_EMPTY_LIST)
    rating = models.SmallIntegerField(_("rating"), null=True, blank=True, help_text=_("0 to 5, or -1 for rejected."))
    favourite = models.BooleanField(_("favourite"), default=False, db_default=False)
    archived = models.BooleanField(_("archived"), default=False, db_default=False)
    sidecars = models.JSONField(_("sidecars"), default=dict, blank=True, db_default=_EMPTY_DICT)
    group_id = models.CharField(max_length=100, blank=True, default="", db_default="", editable=False)
    part_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="parts",
        db_index=False,
        verbose_name=_("part of"),
    )
    part_role = models.CharField(_("role"), max_length=10, choices=PartRole, blank=True, default="", db_default="")
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    verified_at = models.DateTimeField(
        _("verified at"),
        null=True,
        blank=True,
        help_text=_("When the stored file was last compared with its checksum."),
    )
    trashed_at = models.DateTimeField(_("moved to the trash"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    camera_clock = models.GeneratedField(
        expression=CameraClock(), output_field=models.DateTimeField(null=True), db_persist=True
    )
    timeline_at = models.GeneratedField(
        expression=TimelineTime(), output_field=models.DateTimeField(null=True), db_persist=True
    )
    words = models.GeneratedField(expression=SearchWords(), output_field=SearchVectorField(), db_persist=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="upload_once_per_owner"),
            models.CheckConstraint(condition=Q(kind__in=MediaKind.values), name="upload_kind_known"),
            models.CheckConstraint(condition=Q(size__gt=0), name="upload_not_empty"),
            models.CheckConstraint(condition=Q(audit_score__lte=100), name="upload_audit_score_is_percentage"),
            models.CheckConstraint(
                condition=Q(part_of=None, part_role="") | Q(part_of__isnull=False, part_role__in=PartRole.values),
                name="upload_part_has_role",
            ),
        ]
        indexes = [
            # A search with filters but no words usually reads only this index, and stops when a page is full.
            models.Index(
                fields=["owner", "-id"],
                include=[
                    *("processed_at", "trashed_at", "part_of", "archived", "kind", "camera"),
                    *("camera_clock", "latitude", "longitude", "place", "width", "height", "favourite", "size"),
                ],
                name="upload_owner_newest",
            ),
            models.Index(fields=["owner", "-id"], name="upload_albums", condition=~Q(albums=[])),
            models.Index(
                fields=["owner", "-timeline_at", "-id"],
                name="upload_timeline",
                condition=Q(timeline_at__isnull=False),
            ),
            # Used to find files of the same size before new files are sent, and to add up sizes for the quota.
            models.Index(fields=["owner", "size"], name="upload_owner_size"),
            # Verification reads uploads in this order, and adds up the sizes of those verified in the last 24 hours.
            models.Index(fields=["verified_at", "id"], include=["size"], name="upload_verified"),
            models.Index(fields=["id"], name="upload_archive", condition=Q(kind=MediaKind.ARCHIVE)),
            models.Index(fields=["owner", "group_id"], name="upload_group", condition=~Q(group_id="")),
            models.Index(fields=["part_of"], name="upload_parts", condition=Q(part_of__isnull=False)),
            # The first index serves the trash pages; the second finds expired pictures.
            models.Index(
                fields=["owner", "-trashed_at", "-id"], name="upload_trash", condition=Q(trashed_at__isnull=False)
            ),
            models.Index(fields=["trashed_at"], name="upload_trash_expiry", condition=Q(trashed_at__isnull=False)),
            models.Index(
                fields=["owner", "id"],
                name="upload_text_unread",
                condition=TEXT_UNREAD,
            ),
            models.Index(fields=["owner", "-id"], name="upload_with_text", condition=~Q(text_found="")),
            models.Index(fields=["owner"], name="upload_videos", condition=Q(kind=MediaKind.VIDEO)),
            GinIndex(fields=["words"], name="upload_words"),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def description_language(self) -> str:
        """The language code of the description; blank if a user wrote the description, in an unknown language."""
        if self.description_edited:
            return ""
        by_server = self.description_model.startswith(SERVER_PREFIXES)
        return str(settings.DESCRIPTION_LANGUAGE) if by_server else "en"

    @property
    def camera_time(self) -> datetime | None:
        """The local time when the picture was taken. It is naive, so that pages do not convert it."""
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


class FileDeletion(models.Model):
    """A deleted upload whose stored files still have to be removed.

    The row is created in the transaction that deletes the upload, and is deleted once the files are removed. `previews`
    is copied from the upload. The files are not removed before `due_at`, which each attempt postpones. See
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
