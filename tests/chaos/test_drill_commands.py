"""Fault drill of `make chaos`: several threads send random commands to the same imports while workers run."""

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections

from batches import services
from batches.engine.refusals import Refused
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.chaos import finish_audit
from tests.chaos.conftest import StartWorkers
from tests.chaos.drill_audit import assert_exact
from tests.support.local_files import receive_path
from uploads.models import Upload
from uploads.storage import prepare_storage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos_long, pytest.mark.timeout(1200)]
THREADS, SECONDS, IMPORTS = 6, 20.0, 6


class CommandStorm:
    """Random commands on several imports of one owner. A cancelled or deleted import is sent again as a new one."""

    def __init__(self, owner: User, photos: list[Path]) -> None:
        self.scope = services.owner_scope(owner)
        share = len(photos) // IMPORTS
        self.photos = [photos[start : start + share] for start in range(0, share * IMPORTS, share)]
        self.imports = [self.send(number) for number in range(IMPORTS)]
        self.end = time.monotonic() + SECONDS
        self.done: Counter[str] = Counter()

    def send(self, number: int) -> int:
        """Create import `number`, with its share of the photos."""
        batch = services.open_batch(self.scope, f"Import {number}")
        for path in self.photos[number]:
            receive_path(batch, path, path.name)
        services.seal_batch(self.scope, batch.id)
        return batch.id

    def run(self, seed: int) -> None:
        """Run random commands until the time is up."""
        chance = random.Random(seed)
        weights: dict[Callable[[int], object], int] = {
            self.pause: 20, self.resume: 30, self.retry: 20, self.reanalyse: 5, self.delete_picture: 5,
            self.cancel: 1, self.delete: 1,
        }  # fmt: skip
        try:
            while time.monotonic() < self.end:
                command = chance.choices(list(weights), list(weights.values()))[0]
                try:
                    changed = command(chance.randrange(IMPORTS))
                except (Refused, services.NotFound):
                    changed = False
                self.done[command.__name__] += bool(changed)
        finally:
            connections.close_all()

    def pause(self, number: int) -> object:
        return services.pause_batch(self.scope, self.imports[number])

    def resume(self, number: int) -> object:
        return services.resume_batch(self.scope, self.imports[number])

    def retry(self, number: int) -> object:
        return services.retry_failed(self.scope, self.imports[number])

    def reanalyse(self, number: int) -> object:
        return services.reanalyse_batch(self.scope, self.imports[number])

    def delete_picture(self, number: int) -> object:
        pictures = Upload.objects.filter(items__batch=self.imports[number])
        return services.delete_pictures(self.scope, list(pictures.values_list("id", flat=True)[:1]))

    def cancel(self, number: int) -> object:
        cancelled = services.cancel_batch(self.scope, self.imports[number])
        self.imports[number] = self.send(number)
        return cancelled

    def delete(self, number: int) -> object:
        deleted = services.delete_batch(self.scope, self.imports[number])
        self.imports[number] = self.send(number)
        return deleted


def finish_all(storm: CommandStorm) -> bool:
    """Resume paused imports; return whether all imports are finished and all deletions are done."""
    for batch in UploadBatch.objects.filter(status=BatchStatus.PAUSED):
        services.resume_batch(storm.scope, batch.id)
    live = UploadBatch.all_objects.exclude(status__in=[BatchStatus.COMPLETED, BatchStatus.CANCELLED])
    return not live.exists() and not UploadBatch.all_objects.filter(deleting_since__isnull=False).exists()


def test_command_storm_keeps_counters_exact(
    owner: User, photos: list[Path], media_env: dict[str, str], worker_env: dict[str, str], start_workers: StartWorkers
) -> None:
    prepare_storage()
    worker_env.update(media_env)
    storm = CommandStorm(owner, photos)
    workers = start_workers("sometimes_unusable")
    workers.wait_until(lambda: finish_audit.count() >= 5)

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(storm.run, seed) for seed in range(THREADS)]
        workers.wait_until(lambda: all(one.done() for one in running), 120)
    for one in running:
        one.result()

    workers.wait_until(lambda: finish_all(storm), 120)
    assert all(storm.done[name] for name in ("pause", "resume", "retry", "cancel", "delete")), storm.done
    assert_exact(list(UploadBatch.objects.all()))
    codes = BatchItem.objects.filter(status=ItemStatus.FAILED).values_list("error_code", flat=True)
    assert set(codes) <= {"analysis.answer", "item.gone"}
    assert "deadlock" not in workers.text()
