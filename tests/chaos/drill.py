"""A whole site for the fault drills: web servers, workers, one import of photos, and a resuming uploader."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from batches import services
from batches.models import UploadBatch
from batches.models.states import ItemStatus
from tests.chaos.chaos_batches import is_finished
from tests.chaos.respawning_workers import RespawningWorkers
from tests.chaos.resuming_uploader import ResumingUploader
from tests.support.servers import Services
from tests.support.small_disk import SmallDisk
from tests.support.users import make_staff
from tests.support.waiting import Value
from tests.support.web_server import Site

CONNECTIONS = 4
LONG = 120.0


@dataclass
class Drill:
    """A site, an import and its uploader. `disk` is the media disk, if the drill has a separate one."""

    owner: User
    batch: UploadBatch
    photos: Sequence[Path]
    sites: list[Site]
    workers: RespawningWorkers
    servers: Services
    uploader: ResumingUploader
    env: dict[str, str]
    disk: SmallDisk | None

    @property
    def total_bytes(self) -> int:
        """The total size of all photos, in bytes."""
        return sum(path.stat().st_size for path in self.photos)

    def wait_until(self, predicate: Callable[[], Value], timeout: float = 60.0) -> Value:
        """Wait until the predicate returns a true value, and restart workers that end in the meantime."""
        return self.workers.wait_until(predicate, timeout)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send all photos while the block runs, then wait until the servers have received all of them."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            sent = [pool.submit(self.uploader.send, path.name, path.read_bytes()) for path in self.photos]
            try:
                yield
                self.wait_until(lambda: all(map(Future.done, sent)), LONG)
            finally:
                self.uploader.stop()
        for one in sent:
            one.result()

    def finish(self, batch: UploadBatch | None = None) -> None:
        """Seal a batch (by default, the import) and wait until it is finished."""
        batch = batch or self.batch
        services.seal_batch(services.owner_scope(self.owner), batch.id)
        self.wait_until(lambda: is_finished(batch), LONG)

    def send_again(self) -> UploadBatch:
        """Send all photos to a new import, and return the import once it is completed."""
        again = services.open_batch(services.owner_scope(self.owner), "Again")
        self.uploader = self.uploader.for_batch(again.id)
        with self.sending():
            pass
        self.finish(again)
        return again

    def count(self, status: ItemStatus) -> int:
        """Return how many files of the import have the given status."""
        return self.batch.items.filter(status=status).count()

    def page(self) -> str:
        """Return the import's page, requested by its owner."""
        client = Client()
        client.force_login(self.owner)
        return client.get(reverse("batch-detail", args=[self.batch.id])).content.decode()

    def engine_page(self) -> str:
        """Return the admin page "Engine"."""
        client = Client()
        client.force_login(make_staff("operator", "view_worker", "view_uploadbatch", "view_batchitem"))
        return client.get(reverse("admin:batches_engine")).content.decode()
