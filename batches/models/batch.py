from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from batches.models.batch_name import MAX_NAME_LENGTH
from batches.models.managers import VisibleBatchManager
from batches.models.states import LIVE_BATCHES, BatchKind, BatchStatus
from uploads.models.expressions import OneOf

ENDED_ITEMS = F("successful") + F("failed") + F("cancelled") + F("missing")
"""The number of items that are neither live nor ignored, computed from a batch's counters."""
ENDED_ITEMS_SQL = "successful + failed + cancelled + missing"
"""The same expression for raw SQL."""
KNOWN_RESULTS = F("duplicates") + F("sidecars") + F("archives")
"""The number of completed items that are not new, computed from a batch's counters."""


class UploadBatch(models.Model):
    """The files of one import, or stored pictures that are analysed again or whose text is read.

    A batch has one owner. The counters always match the item rows, because both are updated in the same transaction.
    `total` counts all items except ignored ones, including those that are still being received and those that are
    missing. `successful` includes duplicates, sidecars and archives, each of which also has its own counter. A batch
    completes when it is sealed and none of its items is live.

    A re-analysis of a batch has that batch as its `source`. A batch for the pictures of a whole library has a `model`
    instead: the name of the model that computes the pictures' vectors or reads their text. The `model` of a batch for
    selected pictures is "selection". If `cancelling` is true, the batch is cancelled, but some of its items may still
    be live. `objects` excludes batches that are being deleted; `all_objects` includes them.

    Files that were sent through a `guest_link` add pictures to the library, but do not affect existing ones: their
    items have no `folder_key`, and they do not restore pictures from the trash.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="batches",
        db_index=False,
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=MAX_NAME_LENGTH)
    kind = models.CharField(_("kind"), max_length=12, choices=BatchKind, default=BatchKind.IMPORT)
    source = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reanalyses",
        db_index=False,
        verbose_name=_("source"),
    )
    model = models.CharField(_("model"), max_length=100, blank=True, default="", db_default="")
    status = models.CharField(_("status"), max_length=12, choices=BatchStatus, default=BatchStatus.PENDING)
    expected_items = models.PositiveIntegerField(
        _("expected items"), null=True, blank=True, help_text=_("Number of files expected at the start.")
    )
    total = models.PositiveIntegerField(_("total"), default=0)
    successful = models.PositiveIntegerField(_("successful"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0)
    missing = models.PositiveIntegerField(
        _("missing"), default=0, help_text=_("Files that are expected but have not arrived.")
    )
    ignored = models.PositiveIntegerField(
        _("ignored"), default=0, help_text=_("Files that were ignored on purpose. They are not included in the total.")
    )
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    sidecars = models.PositiveIntegerField(_("sidecars"), default=0)
    archives = models.PositiveIntegerField(_("archives"), default=0)
    sealed_at = models.DateTimeField(
        _("sealed at"), null=True, blank=True, help_text=_("When the batch stopped waiting for more files.")
    )
    uploader_seen_at = models.DateTimeField(
        _("uploader last active"),
        null=True,
        blank=True,
        help_text=_("Time of the uploader's last request."),
    )
    last_served = models.DateTimeField(_("last scheduled at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    notified_at = models.DateTimeField(
        _("notified at"), null=True, blank=True, help_text=_("When the completion e-mail was sent to the owner.")
    )
    cancelling = models.BooleanField(default=False, editable=False)
    guest_link = models.ForeignKey(
        "GuestLink", on_delete=models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    deleting_since = models.DateTimeField(_("deletion started at"), null=True, blank=True)

    objects = VisibleBatchManager["UploadBatch"]()
    all_objects = models.Manager["UploadBatch"]()

    class Meta:
        verbose_name = _("upload batch")
        verbose_name_plural = _("upload batches")
        permissions = [("cancel_uploadbatch", "Can cancel upload batches")]
        constraints = [
            models.CheckConstraint(condition=OneOf(F("status"), BatchStatus.values), name="batch_status_known"),
            models.CheckConstraint(condition=OneOf(F("kind"), BatchKind.values), name="batch_kind_known"),
            models.CheckConstraint(
                condition=Q(total__gte=ENDED_ITEMS),
                name="batch_counters_within_total",
            ),
            models.CheckConstraint(condition=Q(successful__gte=KNOWN_RESULTS), name="batch_results_within_successful"),
            models.CheckConstraint(
                condition=~Q(OneOf(F("status"), [BatchStatus.COMPLETED, BatchStatus.CANCELLED]))
                | Q(completed_at__isnull=False),
                name="batch_finished_has_time",
            ),
            # The first condition covers live batches. The second covers batches that are being cancelled, some of whose
            # items may still be live.
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True)
                | Q(status=BatchStatus.CANCELLED, cancelling=True)
                | Q(~Q(status=BatchStatus.COMPLETED) | Q(sealed_at__isnull=False), total=ENDED_ITEMS),
                name="batch_ended_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(deleting_since=None) | ~Q(OneOf(F("status"), LIVE_BATCHES)), name="batch_deleting_not_live"
            ),
            models.UniqueConstraint(
                fields=["source"],
                name="batch_one_live_reanalysis",
                condition=Q(source__isnull=False, status__in=LIVE_BATCHES),
            ),
            models.UniqueConstraint(
                fields=["owner", "kind"],
                name="batch_one_live_library_reanalysis",
                condition=~Q(model="") & Q(status__in=LIVE_BATCHES),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="batch_owner_newest"),
            models.Index(
                fields=["owner", "last_served"], name="batch_schedule", condition=Q(status=BatchStatus.PROCESSING)
            ),
            models.Index(fields=["source"], name="batch_source", condition=Q(source__isnull=False)),
            models.Index(fields=["guest_link"], name="batch_guest_link", condition=Q(guest_link__isnull=False)),
            models.Index(fields=["owner", "model"], name="batch_model", condition=~Q(model="")),
            # No index condition refers to a counter. Otherwise, every finished item would update the batch's entries in
            # all indexes, because PostgreSQL could not do a HOT update.
            models.Index(fields=["id"], name="batch_cancelling", condition=Q(cancelling=True)),
            models.Index(fields=["owner", "id"], name="batch_live", condition=Q(status__in=LIVE_BATCHES)),
            models.Index(fields=["id"], name="batch_deleting", condition=Q(deleting_since__isnull=False)),
            models.Index(
                fields=["completed_at"],
                name="batch_unnotified",
                condition=Q(status=BatchStatus.COMPLETED, notified_at__isnull=True),
            ),
            models.Index(
                fields=["owner", "completed_at"], name="batch_completed", condition=Q(status=BatchStatus.COMPLETED)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def keeps_pictures(self) -> bool:
        """Whether this batch's items keep their pictures; see KEEPS_PICTURE."""
        return not self.model

    @property
    def processed(self) -> int:
        """The number of completed and failed items."""
        return self.successful + self.failed

    @property
    def new(self) -> int:
        """For an import, the number of completed items that added a picture to the library."""
        return self.successful - self.duplicates - self.sidecars - self.archives

    @property
    def described(self) -> int:
        """The number of completed items that are pictures."""
        return self.successful - self.sidecars - self.archives

    @property
    def found(self) -> int:
        """The number of files in the batch, including ignored ones."""
        return self.total + self.ignored

    @property
    def nothing_new(self) -> bool:
        """Whether this is a completed import whose pictures were all already in the owner's library."""
        if self.kind != BatchKind.IMPORT or self.status != BatchStatus.COMPLETED:
            return False
        return self.duplicates > 0 and not self.new and self.successful == self.expected_total

    @property
    def remaining(self) -> int:
        """The number of live items: receiving, pending or processing."""
        return self.total - self.successful - self.failed - self.cancelled - self.missing

    @property
    def expected_total(self) -> int:
        """The number of items that counts as 100%: `total` or `expected_items`, whichever is larger."""
        return max(self.total, self.expected_items or 0)

    @property
    def never_arrived(self) -> int:
        """The number of expected files that are missing or have no item yet."""
        return self.missing + self.expected_total - self.total

    @property
    def arrived(self) -> int:
        """The number of items that are not missing."""
        return self.total - self.missing

    @property
    def percent(self) -> int:
        """The percentage of processed items, rounded down; 0 for an empty batch."""
        return self.processed * 100 // self.expected_total if self.expected_total else 0

    @property
    def waits_for_files(self) -> bool:
        """Whether this is an import that is still waiting for files. A paused import does not wait."""
        return self.kind == BatchKind.IMPORT and self.sealed_at is None and self.is_active

    @property
    def is_active(self) -> bool:
        """Whether the batch is live and not paused."""
        return self.status in {BatchStatus.PENDING, BatchStatus.PROCESSING}
