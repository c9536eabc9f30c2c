from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from batches.models.batch import UploadBatch
from batches.models.error_codes import is_retryable
from batches.models.states import FINISHED_ITEMS, RESULT_COUNTERS, WAITING_ITEMS, ItemResult, ItemStatus, Stage
from uploads.models import Upload
from uploads.models.expressions import OneOf

KEEPS_PICTURE = Q(batch__model="")
"""Selects the items that keep their picture: a picture is deleted together with the last such item.

The items of batches for a whole library or for selected pictures do not keep their picture. Otherwise, deleting an
import would not delete pictures that were described again.
"""


class BatchItem(models.Model):
    """One file in one batch. This table is the queue.

    `queue_position` is set while the item is pending and null otherwise. Only the index `item_queue` is ordered by this
    column, so a claim always uses that index. `worker` is the id of the worker process that claimed the item. `claim`
    is a random token: a worker process can finish the item only with the current token. `finished_at` of a missing item
    is the time at which its upload was abandoned; the partial file was kept. If a missing item has no `finished_at`,
    nothing is stored for it. A dismissed failure stays in its batch and still counts as failed, but is no longer listed
    as a problem.

    `result` is set if the item is completed, and blank otherwise. `sha256` is blank until all bytes have arrived; it is
    kept when the picture is deleted. `archive` is the item of the archive that contained the file; that row may no
    longer exist. `folder_key` and `name_key` match a picture with its sidecars and parts (uploads/sidecars/folders.py).
    """

    batch = models.ForeignKey(
        UploadBatch, on_delete=models.CASCADE, related_name="items", db_index=False, verbose_name=_("batch")
    )
    upload = models.ForeignKey(
        Upload, on_delete=models.SET_NULL, null=True, blank=True, related_name="items", verbose_name=_("upload")
    )
    filename = models.CharField(_("filename"), max_length=255)
    relative_path = models.CharField(_("relative path"), max_length=1000, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    size = models.BigIntegerField(_("size"), help_text=_("In bytes."))
    status = models.CharField(_("status"), max_length=10, choices=ItemStatus, default=ItemStatus.RECEIVING)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, blank=True)
    queue_position = models.BigIntegerField(_("queue position"), null=True, blank=True)
    claim = models.UUIDField(_("claim token"), null=True, blank=True)
    worker = models.BigIntegerField(_("worker"), null=True, blank=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    crash_count = models.PositiveSmallIntegerField(
        _("crash count"), default=0, help_text=_("Number of worker processes that crashed while processing this file.")
    )
    lost_worker = models.BigIntegerField(
        _("lost worker"),
        null=True,
        blank=True,
        help_text=_("The worker this file was recovered from; empty once it is known whether that worker crashed."),
    )
    result = models.CharField(_("result"), max_length=10, choices=ItemResult, blank=True, db_default="", default="")
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, db_default="", default="")
    archive = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="entries",
        db_index=False,
        db_constraint=False,
        verbose_name=_("archive"),
    )
    folder_key = models.BigIntegerField(null=True, blank=True, editable=False)
    name_key = models.BigIntegerField(null=True, blank=True, editable=False)
    error_code = models.CharField(_("error code"), max_length=50, blank=True)
    error_message = models.CharField(_("error message"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    dismissed_at = models.DateTimeField(_("dismissed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch item")
        verbose_name_plural = _("batch items")
        constraints = [
            models.UniqueConstraint(fields=["batch", "fingerprint"], name="item_once_per_batch"),
            models.CheckConstraint(condition=OneOf(F("status"), ItemStatus.values), name="item_status_known"),
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
                condition=~Q(OneOf(F("status"), FINISHED_ITEMS)) | Q(finished_at__isnull=False),
                name="item_finished_has_time",
            ),
            models.CheckConstraint(
                condition=Q(OneOf(F("result"), ItemResult.values), status=ItemStatus.COMPLETED)
                | (~Q(status=ItemStatus.COMPLETED) & Q(result="")),
                name="item_completed_has_result",
            ),
        ]
        indexes = [
            models.Index(
                fields=["batch", "queue_position"], name="item_queue", condition=Q(queue_position__isnull=False)
            ),
            models.Index(fields=["batch"], name="item_processing", condition=Q(status=ItemStatus.PROCESSING)),
            models.Index(
                fields=["batch"], name="item_receiving", condition=Q(status=ItemStatus.RECEIVING), include=["size"]
            ),
            # The quota uses this index. Announcing a file adds no entry, because `finished_at` is not set.
            models.Index(
                fields=["batch", "finished_at"],
                include=["id", "size"],
                name="item_abandoned",
                condition=Q(status=ItemStatus.MISSING, finished_at__isnull=False),
            ),
            models.Index(fields=["lost_worker"], name="item_lost_worker", condition=Q(lost_worker__isnull=False)),
            models.Index(fields=["batch", "id"], name="item_failed", condition=Q(status=ItemStatus.FAILED)),
            # The next two indexes contain only failed items, so completing an item does not write to them.
            models.Index(fields=["error_code", "id"], name="item_error_code", condition=Q(status=ItemStatus.FAILED)),
            models.Index(
                fields=["batch", "error_code", "id"],
                include=["upload", "finished_at"],
                name="item_open_failure",
                condition=Q(status=ItemStatus.FAILED, dismissed_at__isnull=True),
            ),
            models.Index(fields=["dismissed_at"], name="item_dismissed", condition=Q(dismissed_at__isnull=False)),
            # The next six indexes are for the item lists on pages. A claim writes to none of them. Finishing an item
            # writes to at most one of them, or to two if the item is completed with a result other than `new`.
            models.Index(fields=["batch", "id"], name="item_completed", condition=Q(status=ItemStatus.COMPLETED)),
            models.Index(
                fields=["batch", "result", "id"], name="item_result", condition=Q(result__in=tuple(RESULT_COUNTERS))
            ),
            models.Index(
                fields=["batch", "id"],
                include=["error_code"],
                name="item_ignored",
                condition=Q(status=ItemStatus.IGNORED),
            ),
            models.Index(fields=["batch", "id"], name="item_waiting", condition=Q(status__in=WAITING_ITEMS)),
            models.Index(fields=["batch", "id"], name="item_cancelled", condition=Q(status=ItemStatus.CANCELLED)),
            models.Index(fields=["batch", "id"], name="item_missing", condition=Q(status=ItemStatus.MISSING)),
            models.Index(fields=["batch", "id"], name="item_batch"),
            # Finds sidecars and archives by their digest: sidecars have no upload, and an archive's upload is deleted
            # once its files are imported. The condition keeps the planner from using this index for a batch's lists.
            models.Index(
                fields=["sha256"],
                name="item_digest",
                condition=Q(result__in=[ItemResult.SIDECAR, ItemResult.ARCHIVE], sha256__gt=""),
            ),
            models.Index(
                fields=["folder_key", "name_key", "batch"], name="item_keys", condition=Q(folder_key__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.relative_path or self.filename

    @property
    def can_retry(self) -> bool:
        """Whether the item failed and a retry has a chance of success. Ignores whether the batch was cancelled."""
        return self.status == ItemStatus.FAILED and self.upload_id is not None and is_retryable(self.error_code)
