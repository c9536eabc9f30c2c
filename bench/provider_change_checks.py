"""The checks of bench.provider_change, which are repeated while workers run. Needs a running bench.stack."""

import time
from collections.abc import Sequence
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import connection, transaction

from batches.models import UploadBatch
from batches.models.states import BatchKind
from batches.worker.search_maintenance import maintain_search
from bench import rows
from uploads.models import Embedding, Upload
from uploads.search.encoders import owner_encoders, site_model
from uploads.search.language import parse_query
from uploads.search.results import ranked_ids
from uploads.storage import original_name

SECONDS_BETWEEN = 0.25
# One statement, so that all numbers are from the same moment.
COUNTERS = """
SELECT batch.id, batch.total, batch.successful, batch.failed + batch.cancelled + batch.missing + batch.ignored,
       count(*), count(*) FILTER (WHERE item.status = 'completed')
  FROM batches_uploadbatch batch JOIN batches_batchitem item ON item.batch_id = batch.id GROUP BY batch.id
"""


class Watch:
    """An import. All methods except start() check its counters and search results, and exit if they are wrong."""

    def __init__(self, files: Sequence[Path]) -> None:
        with transaction.atomic():  # one commit is much faster than one per row
            self.batch_id = rows.store(list(files))
        rows.vacuum()
        batch = UploadBatch.objects.get(id=self.batch_id)
        self._owner_id, self._files = batch.owner_id, len(files)
        self._searches: list[float] = []

    def start(self) -> None:
        """Start the import."""
        rows.start([self.batch_id])

    def completed(self) -> int:
        """Return how many of the import's files are completed."""
        self._check()
        return rows.count_completed(self.batch_id)

    def is_import_done(self) -> bool:
        """Return whether the import is completed."""
        self._check()
        return rows.is_completed(self.batch_id)

    def is_reanalysis_done(self) -> bool:
        """Return whether the re-analysis that computes the missing vectors is completed."""
        self._check()
        batch = UploadBatch.objects.filter(kind=BatchKind.REANALYSIS).first()
        return batch is not None and rows.is_completed(batch.id)

    def finish(self) -> dict[str, int]:
        """Delete the old vectors as workers do, check the final state, and return the figures for the JSON object."""
        before = Embedding.objects.count()
        maintain_search()
        replaced = before - Embedding.objects.count()
        self._check()
        require(not Embedding.objects.exclude(model=site_model() or "").exists(), "Old vectors are left.")
        complete = Upload.objects.filter(processed_at__isnull=False, embeddings__isnull=False)
        kept = [key for key in complete.values_list("key", flat=True) if default_storage.exists(original_name(key))]
        require(len(kept) == self._files, f"Only {len(kept)} of {self._files} files are complete.")
        return {
            "import_s": seconds_of(UploadBatch.objects.get(id=self.batch_id)),
            "reanalysis_s": seconds_of(UploadBatch.objects.get(kind=BatchKind.REANALYSIS)),
            "replaced": replaced,
            "searches": len(self._searches),
            "search_max_ms": round(max(self._searches)),
        }

    def _check(self) -> None:
        self._check_counters()
        self._check_search()
        time.sleep(SECONDS_BETWEEN)

    def _check_counters(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(COUNTERS)
            found = cursor.fetchall()
        for batch_id, total, successful, others, items, completed in found:
            exact = (total, successful, others) == (items, completed, 0)
            require(
                exact, f"Batch {batch_id} counts {successful} of {total}, but {completed} of {items} are completed."
            )

    def _check_search(self) -> None:
        """Search for a word that no text contains. Only the vectors of red pictures match it."""
        red = Upload.objects.filter(owner_id=self._owner_id, filename="marked.jpg", processed_at__isnull=False)
        expected = set(red.values_list("id", flat=True))
        started = time.perf_counter()
        found = ranked_ids(self._owner_id, parse_query("red"), owner_encoders(self._owner_id), by_date=False)
        self._searches.append((time.perf_counter() - started) * 1000)
        missed = expected.difference(found)
        require(not missed, f"A search did not find {len(missed)} of {len(expected)} pictures.")


def seconds_of(batch: UploadBatch) -> int:
    """Return how long a completed batch took, in seconds."""
    require(batch.started_at is not None and batch.completed_at is not None, f"Batch {batch.id} is not completed.")
    return round((batch.completed_at - batch.started_at).total_seconds())  # type: ignore[operator]


def require(condition: bool, problem: str) -> None:
    if not condition:
        raise SystemExit(problem)
