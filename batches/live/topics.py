"""The topics that sockets serve: one batch or all batches of an owner, as HTML for pages or JSON for programs.

Each language has its own HTML topic, which is rendered once for all its viewers.
"""

import time
from collections.abc import Collection

from django.utils import timezone, translation

from batches.live.batch_snapshot import BatchSnapshot, read_in_progress, read_snapshot
from batches.live.eta import Eta, read_eta
from batches.live.fragments import render_fragment, render_fragments
from batches.live.json_messages import batch_message, ended_messages, file_message
from batches.live.owner_summary import read_owner_summary
from batches.live.viewer import Fragments
from batches.messaging.live_events import batch_group, owner_group
from batches.models import UploadBatch
from batches.models.states import LISTED_KINDS, LIVE_BATCHES, BatchStatus
from batches.services.last_seen import LONG_AGO

ETA_SECONDS = 2.0
"""Seconds between reads of the estimate."""
MAX_ENDED = 100
"""Up to this many ended batches stay among the fragments, so that slow programs are still notified of their end."""


class BatchPageTopic:
    """The live fragments of a batch page. `read` returns None if the batch belongs to another owner."""

    def __init__(self, batch_id: int, owner_id: int, language: str) -> None:
        self.key = f"page of batch {batch_id} of owner {owner_id} in {language}"
        self.group = batch_group(batch_id)
        self.low_priority = False
        self.active = True
        self._batch_id = batch_id
        self._owner_id = owner_id
        self._language = language
        self._snapshot: BatchSnapshot | None = None
        self._eta = Eta()
        self._eta_due = 0.0
        self._eta_status = ""

    def read(self) -> Fragments | None:
        """Read and render the batch. The estimate is read only every ETA_SECONDS or after a status change."""
        with translation.override(self._language):
            self._snapshot = snapshot = read_snapshot(self._batch_id, self._snapshot)
            if snapshot is None or snapshot.batch.owner_id != self._owner_id:
                return None
            self.active = snapshot.unfinished
            self._update_eta(snapshot.batch)
            return render_fragments(snapshot, self._eta)

    def _update_eta(self, batch: UploadBatch) -> None:
        if time.monotonic() >= self._eta_due or batch.status != self._eta_status:
            self._eta = read_eta(batch)
            self._eta_due = time.monotonic() + ETA_SECONDS
            self._eta_status = batch.status


class OwnerPageTopic:
    """The summary of an owner's batches that every page shows."""

    def __init__(self, owner_id: int, language: str) -> None:
        self.key = f"summary of owner {owner_id} in {language}"
        self.group = owner_group(owner_id)
        self.low_priority = True
        self.active = True
        self._owner_id = owner_id
        self._language = language

    def read(self) -> Fragments:
        """Read the owner's live batches and the number of completed ones that the owner has not seen yet."""
        summary = read_owner_summary(self._owner_id)
        self.active = summary.active
        with translation.override(self._language):
            return {"running": render_fragment("running", {"owner_summary": summary})}


class BatchJsonTopic:
    """The messages for programs about one batch: `batch_progress`, and `file_progress` for a sample of its files."""

    def __init__(self, batch_id: int, owner_id: int) -> None:
        self.key = f"messages of batch {batch_id} of owner {owner_id}"
        self.group = batch_group(batch_id)
        self.low_priority = False
        self.active = True
        self._batch_id = batch_id
        self._owner_id = owner_id
        self._reported: set[int] = set()

    def read(self) -> Fragments | None:
        """Read the batch, its files in progress, and the files that were still in progress at the previous read."""
        batch = UploadBatch.objects.filter(id=self._batch_id, owner_id=self._owner_id).first()
        if batch is None:
            return None
        self.active = batch.status in LIVE_BATCHES
        in_progress, _total = read_in_progress(batch)
        files = {f"file {file.id}": file_message(batch.id, file) for file in in_progress}
        ids = {file.id for file in in_progress}
        ended = ended_messages(self._reported - ids)
        self._reported = ids
        return ended | files | {f"batch {batch.id}": batch_message(batch)}


class OwnerJsonTopic:
    """The messages for programs about all batches of an owner: `batch_progress` for each live batch until it ends.

    Batches that ended after this topic was created stay among the fragments, so that a viewer that skipped some reads
    still gets their last message. This includes batches that began and ended between two reads.
    """

    def __init__(self, owner_id: int) -> None:
        self.key = f"messages of owner {owner_id}"
        self.group = owner_group(owner_id)
        self.low_priority = False
        self.active = True
        self._owner_id = owner_id
        self._since = timezone.now()
        self._reported: set[int] = set()

    def read(self) -> Fragments:
        """Return a message for each live batch and for up to MAX_ENDED other batches.

        The other batches are those that the previous read reported, and those completed since this topic was created.
        """
        summary = read_owner_summary(self._owner_id)
        self.active = summary.active
        live = {batch.id: batch for batch in summary.live}
        others = self._read_others(live)
        self._reported = set(live) | set(others)
        return {f"batch {batch.id}": batch_message(batch) for batch in [*others.values(), *live.values()]}

    def _read_others(self, live: Collection[int]) -> dict[int, UploadBatch]:
        batches = UploadBatch.objects.filter(owner_id=self._owner_id, kind__in=LISTED_KINDS)
        # Scans the batch_completed index, newest first.
        ended = batches.filter(status=BatchStatus.COMPLETED, completed_at__gte=self._since).order_by("-completed_at")
        # A batch reported by the previous read may be live but missing from `live`, because the summary holds only the
        # oldest live batches.
        reported = batches.filter(id__in=self._reported.difference(live))
        found = {batch.id: batch for batch in [*ended[:MAX_ENDED], *reported] if batch.id not in live}
        newest = sorted(found.values(), key=lambda batch: batch.completed_at or LONG_AGO, reverse=True)
        return {batch.id: batch for batch in newest[:MAX_ENDED]}
