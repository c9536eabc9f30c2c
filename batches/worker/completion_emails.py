"""Send an owner one e-mail when a batch is completed.

A batch that is reopened later keeps its `notified_at`, so no second e-mail is sent about it.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from batches.models import UploadBatch
from batches.models.states import LISTED_KINDS, BatchStatus
from batches.worker.mail_delivery import DueEmail

CHUNK = 20
MAX_AGE = timedelta(days=1)
"""No e-mail is sent about a batch that completed longer ago than this, for example when e-mail is first enabled."""


def due_completion_emails() -> list[DueEmail]:
    """Return up to CHUNK e-mails about completed batches, in order of completion."""
    return [DueEmail(f"batch {batch.id}", partial(_build, batch), partial(_claim, batch)) for batch in due_batches()]


def due_batches() -> QuerySet[UploadBatch]:
    """Return up to CHUNK completed batches whose owners have not been notified yet, in order of completion."""
    completed = UploadBatch.objects.filter(
        kind__in=LISTED_KINDS,
        status=BatchStatus.COMPLETED,
        notified_at=None,
        completed_at__gte=timezone.now() - MAX_AGE,
    )
    with_address = completed.filter(owner__is_active=True).exclude(owner__email="")
    return with_address.select_related("owner").order_by("completed_at")[:CHUNK]


def _claim(batch: UploadBatch) -> Callable[[], object] | None:
    """Claim the e-mail unless another process has claimed it or the batch was reopened."""
    now = timezone.now()
    unchanged = UploadBatch.objects.filter(
        id=batch.id, status=BatchStatus.COMPLETED, completed_at=batch.completed_at, notified_at=None
    )
    if not unchanged.update(notified_at=now):
        return None
    return partial(UploadBatch.objects.filter(id=batch.id, notified_at=now).update, notified_at=None)


def _build(batch: UploadBatch) -> tuple[str, str, str]:
    # A header must be a single line, but a name may contain line breaks.
    name = " ".join(batch.name.split())
    url = settings.PUBLIC_URL + reverse("batch-detail", args=[batch.id])
    subject = _("“%(name)s” is done") % {"name": name}
    if batch.failed:
        subject = _("“%(name)s” is done, but some files failed") % {"name": name}
    text = render_to_string("batches/finished_mail.txt", {"batch": batch, "name": name, "url": url})
    return batch.owner.email, subject, text
