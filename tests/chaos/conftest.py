"""Fixtures for the chaos tests: the audit table, workers that are restarted when they end, and whole sites."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches import services as commands
from bench.images import make_jpegs
from tests.chaos import finish_audit
from tests.chaos.drill import Drill
from tests.chaos.respawning_workers import RespawningWorkers
from tests.chaos.resuming_uploader import ResumingUploader
from tests.conftest import StartWorker
from tests.support.legal_edges import only_legal_edges
from tests.support.live_page import cookie_of
from tests.support.servers import Services
from tests.support.small_disk import SmallDisk
from tests.support.web_server import Site
from uploads.storage import orphaned_files, prepare_storage

StartWorkers = Callable[..., RespawningWorkers]
StartDrill = Callable[..., Drill]
PHOTOS, PHOTO_SIZE = 160, (640, 480)


@pytest.fixture
def audit(transactional_db: None) -> Iterator[None]:
    """Create the audit table before the first worker starts, and refuse illegal state transitions."""
    finish_audit.prepare()
    with only_legal_edges():
        yield
    finish_audit.remove()


@pytest.fixture
def start_workers(audit: None, owner: User, start_worker: StartWorker) -> StartWorkers:
    """A function that starts RespawningWorkers: `start_workers("counted", threads=2, LEASE_SECONDS="2")`.

    The workers look for dead processes every 0.5 s, without a grace period after the database starts.
    """

    def start(processor: str = "counted", processes: int = 2, threads: int = 2, **settings: str) -> RespawningWorkers:
        env = {
            "TEST_PROCESSOR": f"tests.chaos.processors.{processor}",
            "VUEMANTICS_WORKER_PROCESSES": str(processes),
            "VUEMANTICS_WORKER_THREADS": str(threads),
            "VUEMANTICS_GRACE_SECONDS": "0",
            "VUEMANTICS_RECONCILE_SECONDS": "0.5",
        }
        env |= {f"VUEMANTICS_{name}": value for name, value in settings.items()}
        return RespawningWorkers(lambda: start_worker(1, threads, ready=False, env=env), processes)

    return start


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Different photos of about 80 KB each."""
    return make_jpegs(tmp_path_factory.mktemp("photos"), PHOTOS, PHOTO_SIZE)


@pytest.fixture
def media_env(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set new folders for media and partial files; return the environment variables for the processes of a drill."""
    monkeypatch.setattr(orphaned_files, "MIN_AGE", timedelta(0))
    folder = tmp_path / "disk"
    settings.MEDIA_ROOT, settings.PARTIAL_ROOT = folder / "media", folder / "parts"
    backend = {"BACKEND": "uploads.storage.disk.DiskStorage", "OPTIONS": {"location": settings.MEDIA_ROOT}}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    return {
        "VUEMANTICS_MEDIA": str(settings.MEDIA_ROOT),
        "VUEMANTICS_PARTIAL_DIR": str(settings.PARTIAL_ROOT),
        "VUEMANTICS_MIN_FREE_MIB": "0",
        "VUEMANTICS_ANALYZER": "bench.stub:WaitingAnalyzer",
    }


@pytest.fixture
def start_drill(
    worker_env: dict[str, str],
    media_env: dict[str, str],
    owner: User,
    photos: list[Path],
    services: Services,
    start_workers: StartWorkers,
    tmp_path: Path,
) -> Iterator[StartDrill]:
    """A function that starts web servers and workers for a drill: `start_drill(sites=1, processes=2, disk_mib=0)`.

    With `disk_mib`, media and partial files are on a disk of that size. In every drill, the uploader pauses after half
    of the bytes until its limit is raised.
    """
    with ExitStack() as stack:

        def start(sites: int = 1, processes: int = 2, disk_mib: int = 0) -> Drill:
            disk = SmallDisk(tmp_path / "disk", disk_mib) if disk_mib else None
            if disk is not None:
                stack.callback(disk.unmount)
            prepare_storage()
            worker_env.update(media_env)
            webs = [Site(worker_env, tmp_path / f"site-{number}.log") for number in range(sites)]
            for web in webs:
                stack.callback(web.kill)
            batch = commands.open_batch(commands.owner_scope(owner), "Drill")
            half = sum(path.stat().st_size for path in photos) // 2
            uploader = ResumingUploader([web.port for web in webs], cookie_of(owner), batch.id, half)
            workers = start_workers("photo", processes=processes, GRACE_SECONDS="3")
            return Drill(owner, batch, photos, webs, workers, services, uploader, worker_env, disk)

        yield start
