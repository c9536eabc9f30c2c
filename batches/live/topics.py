"""What can be watched: a batch or all batches of a person, as HTML for pages or as JSON for programs.

HTML is in one language, and rendered once for all who read it in that.
"""

import time
from collections.abc import Collection

from django.template.loader import render_to_string
from django.utils import timezone, translation

from batches.live.batch_snapshot import BatchSnapshot, read_in_progress, read_snapshot
from batches.live.eta import Eta, read_eta
from batches.live.fragments import render_fragments
from batches.live.json_messages import batch_message, ended_messages, file_message
from batches.live.owner_summary import read_owner_summary
from batches.live.viewer import Fragments
from batches.messaging.live_events import batch_group, owner_group
from batches.models import UploadBatch
from batches.models.states import LIVE_BATCHES, BatchStatus
from batches.services.last_seen import LONG_AGO

OUTLOOK_SECONDS = 2.0
"""Between two looks at the pace: the time left need not be newer."""
MOST_ENDED = 100
"""So many ended batches may a program miss that is slow to take what is told, and still hear of each end."""


class BatchPageTopic:
    """The live parts of a batch's page. A batch that is not this owner's is gone."""

    def __init__(self, batch_id: int, owner_id: int, language: str) -> None:
        self.key = f"page of batch {batch_id} of owner {owner_id} in {language}"
        self._language = language
        self.group = batch_group(batch_id)
        self.calm = False
        self.active = True
        self._batch_id = batch_id
        self._owner_id = owner_id
        self._snapshot: BatchSnapshot | None = None
        self._outlook = Eta()
        self._outlook_due = 0.0
        self._status = ""

    def look(self) -> Fragments | None:
        """Read the batch's row, its files in hand and, now and then, its pace."""
        with translation.override(self._language):
            return self._look()

    def _look(self) -> Fragments | None:
        self._snapshot = snapshot = read_snapshot(self._batch_id, self._snapshot)
        if snapshot is None or snapshot.batch.owner_id != self._owner_id:
            return None
        self.active = snapshot.unfinished
        if time.monotonic() >= self._outlook_due or snapshot.batch.status != self._status:
            self._outlook = read_eta(snapshot.batch)
            self._outlook_due = time.monotonic() + OUTLOOK_SECONDS
            self._status = snapshot.batch.status
        return render_fragments(snapshot, self._outlook)


class OwnerPageTopic:
    """What every page shows of its owner's batches."""

    def __init__(self, owner_id: int, language: str) -> None:
        self.key = f"sign of owner {owner_id} in {language}"
        self._language = language
        self.group = owner_group(owner_id)
        self.calm = True
        self.active = True
        self._owner_id = owner_id

    def look(self) -> Fragments:
        """Read the live batches and what ended unseen."""
        summary = read_owner_summary(self._owner_id)
        self.active = bool(summary.running)
        with translation.override(self._language):
            return {"running": render_to_string("batches/_running.html", {"owner_summary": summary}).strip()}


class BatchJsonTopic:
    """A batch for a program: all of `batch_progress`, and `file_progress` of files that a look happened to see."""

    def __init__(self, batch_id: int, owner_id: int) -> None:
        self.key = f"messages of batch {batch_id} of owner {owner_id}"
        self.group = batch_group(batch_id)
        self.calm = False
        self.active = True
        self._batch_id = batch_id
        self._owner_id = owner_id
        self._seen: set[int] = set()

    def look(self) -> Fragments | None:
        """Read the batch's row, its files in hand, and what became of those that were in hand before."""
        batch = UploadBatch.objects.filter(id=self._batch_id, owner_id=self._owner_id).first()
        if batch is None:
            return None
        self.active = batch.status in LIVE_BATCHES
        in_progress, _total = read_in_progress(batch)
        files = {f"file {file.id}": file_message(batch.id, file) for file in in_progress}
        ids = {file.id for file in in_progress}
        ended = ended_messages(self._seen - ids)
        self._seen = ids
        return ended | files | {f"batch {batch.id}": batch_message(batch)}


class OwnerJsonTopic:
    """All batches of a person for a program: `batch_progress` of the live ones, each to its end.

    Ended ones stay among the parts, so that a viewer that took none for a few looks still hears of the end. Those that
    no look saw alive are among them.
    """

    def __init__(self, owner_id: int) -> None:
        self.key = f"messages of owner {owner_id}"
        self.group = owner_group(owner_id)
        self.calm = False
        self.active = True
        self._owner_id = owner_id
        self._since = timezone.now()
        self._known: set[int] = set()

    def look(self) -> Fragments:
        """Read the live batches, and the last MOST_ENDED of those that were live before or have ended since."""
        summary = read_owner_summary(self._owner_id)
        self.active = bool(summary.running)
        live = {batch.id: batch for batch in summary.live}
        others = self._others(live)
        self._known = set(live) | set(others)
        return {f"batch {batch.id}": batch_message(batch) for batch in [*others.values(), *live.values()]}

    def _others(self, live: Collection[int]) -> dict[int, UploadBatch]:
        mine = UploadBatch.objects.filter(owner_id=self._owner_id)
        # Walks batch_completed from its newest end.
        ended = mine.filter(status=BatchStatus.COMPLETED, completed_at__gte=self._since).order_by("-completed_at")
        # What was live before may be so still, where others have pushed it out of those that are shown.
        before = mine.filter(id__in=self._known.difference(live))
        found = {batch.id: batch for batch in [*ended[:MOST_ENDED], *before] if batch.id not in live}
        newest = sorted(found.values(), key=lambda batch: batch.completed_at or LONG_AGO, reverse=True)
        return {batch.id: batch for batch in newest[:MOST_ENDED]}
