"""What a worker process writes about its files in hand, at most once a second."""

from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from batches import events
from batches.engine.give_back import give_back
from batches.engine.in_hand import Held, hand
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus


def beat() -> None:
    """Write new stages, renew leases before the stage's deadline, and learn which files are not wanted any more."""
    give_back(hand.take_lost())
    all_held = hand.all()
    if not all_held:
        return
    running = set(
        UploadBatch.objects.filter(
            id__in={held.claim.batch_id for held in all_held}, status=BatchStatus.PROCESSING
        ).values_list("id", flat=True)
    )
    for held in all_held:
        held.unwanted = held.unwanted or held.claim.batch_id not in running
        _write(held)


def _write(held: Held) -> None:
    """A new stage is written once; an old one only renews its lease when a third of it is used up."""
    stage = held.stage
    if monotonic() - held.since > settings.STAGE_SECONDS:
        return
    item = BatchItem.objects.filter(id=held.claim.item_id, status=ItemStatus.PROCESSING, claim=held.claim.token)
    if stage == held.written:
        item = item.filter(claimed_until__lt=Now() + timedelta(seconds=settings.LEASE_SECONDS * 2 / 3))
    # A locked row is being finished or cancelled: no news from here.
    free = item.select_for_update(skip_locked=True).values("id")
    with transaction.atomic():
        written = BatchItem.objects.filter(id__in=free).update(
            stage=stage, claimed_until=timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        )
    if written and stage != held.written:
        held.written = stage
        events.batch_changed(held.claim.batch_id)
