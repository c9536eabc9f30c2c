"""Rows of the batch engine. They are the queue and the only truth; `batches.engine` alone writes their state."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from batches.states import LIVE_BATCHES, WAITING_ITEMS, BatchKind, BatchStatus, ItemStatus, Stage
from uploads.models import Upload


class UploadBatch(models.Model):
    """Many files of one owner on their way into the library.

    The counters always equal the counts of the items' rows: they move in the same transaction. `total` counts all
    items, also those still being received. A batch is finished when it is sealed and no item is live. `source` is the
    batch whose pictures a re-analysis describes again.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="batches", db_index=False
    )
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=BatchKind, default=BatchKind.IMPORT)
    source = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="reanalyses", db_index=False
    )
    status = models.CharField(max_length=12, choices=BatchStatus, default=BatchStatus.PENDING)
    expected_items = models.PositiveIntegerField(null=True, blank=True, help_text=_("Files announced at the start."))
    total = models.PositiveIntegerField(default=0)
    successful = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    error_message = models.CharField(max_length=500, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)
    last_served = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "upload batches"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=BatchStatus.values), name="batch_status_known"),
            models.CheckConstraint(condition=Q(kind__in=BatchKind.values), name="batch_kind_known"),
            models.CheckConstraint(
                condition=Q(total__gte=F("successful") + F("failed") + F("cancelled")), name="batch_not_over_full"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[BatchStatus.COMPLETED, BatchStatus.CANCELLED]) | Q(completed_at__isnull=False),
                name="batch_finished_with_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=BatchStatus.COMPLETED)
                | Q(sealed_at__isnull=False, total=F("successful") + F("failed") + F("cancelled")),
                name="batch_completed_is_complete",
            ),
            models.UniqueConstraint(
                fields=["source"],
                name="batch_reanalysed_once_at_a_time",
                condition=Q(source__isnull=False, status__in=LIVE_BATCHES),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="batch_owner_newest"),
            models.Index(
                fields=["owner", "last_served"], name="batch_turn", condition=Q(status=BatchStatus.PROCESSING)
            ),
            models.Index(fields=["source"], name="batch_source", condition=Q(source__isnull=False)),
            # No counter in a condition: a finish would then have to write into every index of the batch.
            models.Index(fields=["id"], name="batch_cancelled", condition=Q(status=BatchStatus.CANCELLED)),
            models.Index(fields=["owner", "id"], name="batch_unfinished", condition=Q(status__in=LIVE_BATCHES)),
            models.Index(
                fields=["owner", "completed_at"], name="batch_ended", condition=Q(status=BatchStatus.COMPLETED)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def processed(self) -> int:
        """Files that came to an end of their own, well or badly."""
        return self.successful + self.failed

    @property
    def waiting(self) -> int:
        """Files that have no end yet: being received, waiting or in hand."""
        return self.total - self.successful - self.failed - self.cancelled

    @property
    def whole(self) -> int:
        """What 100 % means: all files, and while more are announced, at least the announced number."""
        return self.total if self.sealed_at else max(self.total, self.expected_items or 0)

    @property
    def percent(self) -> int:
        """Whole percent of processed files, rounded down; 0 for an empty batch."""
        return self.processed * 100 // self.whole if self.whole else 0

    @property
    def is_active(self) -> bool:
        """Whether anything may still change by itself."""
        return self.status in {BatchStatus.PENDING, BatchStatus.PROCESSING}


class BatchItem(models.Model):
    """One file's way through one batch: the queue, the hot table and the history of attempts.

    `queue_position` is set exactly while the file waits; no other index orders it, so that a claim always walks
    `item_queue`. `claim` is a random token that guards the finish; `worker` names the process that holds it.
    """

    batch = models.ForeignKey(UploadBatch, on_delete=models.CASCADE, related_name="items", db_index=False)
    upload = models.ForeignKey(Upload, on_delete=models.SET_NULL, null=True, blank=True, related_name="items")
    filename = models.CharField(max_length=255)
    relative_path = models.CharField(max_length=1000, blank=True)
    fingerprint = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text=_("Bytes."))
    status = models.CharField(max_length=10, choices=ItemStatus, default=ItemStatus.RECEIVING)
    stage = models.CharField(max_length=10, choices=Stage, blank=True)
    queue_position = models.BigIntegerField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    worker = models.BigIntegerField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    deaths = models.PositiveSmallIntegerField(default=0, help_text=_("Worker processes that died with it in hand."))
    duplicate = models.BooleanField(default=False)
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "fingerprint"], name="item_once_per_batch"),
            models.CheckConstraint(condition=Q(status__in=ItemStatus.values), name="item_status_known"),
            models.CheckConstraint(
                condition=Q(status=ItemStatus.PENDING, queue_position__isnull=False)
                | (~Q(status=ItemStatus.PENDING) & Q(queue_position__isnull=True)),
                name="item_queued_while_pending",
            ),
            models.CheckConstraint(
                condition=Q(status=ItemStatus.PROCESSING, claim__isnull=False, worker__isnull=False)
                | (~Q(status=ItemStatus.PROCESSING) & Q(claim__isnull=True, worker__isnull=True)),
                name="item_claimed_while_processing",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED])
                | Q(finished_at__isnull=False),
                name="item_finished_with_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["batch", "queue_position"], name="item_queue", condition=Q(queue_position__isnull=False)
            ),
            models.Index(fields=["batch"], name="item_in_hand", condition=Q(status=ItemStatus.PROCESSING)),
            models.Index(fields=["batch", "id"], name="item_failed", condition=Q(status=ItemStatus.FAILED)),
            # Of these lists of a page a claim writes into none, and a finish into one.
            models.Index(fields=["batch", "id"], name="item_described", condition=Q(status=ItemStatus.COMPLETED)),
            models.Index(fields=["batch", "id"], name="item_waiting", condition=Q(status__in=WAITING_ITEMS)),
            models.Index(fields=["batch", "id"], name="item_left_out", condition=Q(status=ItemStatus.CANCELLED)),
            models.Index(fields=["batch", "id"], name="item_of_batch"),
        ]

    def __str__(self) -> str:
        return self.relative_path or self.filename


class OwnerTurn(models.Model):
    """When an owner's files were last given a worker's time: turns go round the owners first."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    last_served = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Turn of {self.owner_id}"


class OwnerLook(models.Model):
    """When an owner last looked at what had come to its end; `batches.looks` alone writes it."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Look of {self.owner_id}"


class Worker(models.Model):
    """A worker process; its id is the number of the advisory lock that it holds while it lives."""

    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    threads = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(auto_now_add=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    holding_cause = models.CharField(max_length=50, blank=True, help_text=_("What it waits for, as a stable code."))
    holding_message = models.CharField(max_length=500, blank=True)
    holding_since = models.DateTimeField(null=True, blank=True)
    recovered = models.PositiveIntegerField(default=0, help_text=_("Files in hand that were taken back after its end."))
    recovered_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
