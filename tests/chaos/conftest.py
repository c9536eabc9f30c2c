"""Fixtures for the chaos tests: the audit table, and workers that are restarted when they end."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User

from tests.chaos import finish_audit
from tests.chaos.respawning_workers import RespawningWorkers
from tests.conftest import StartWorker
from tests.support.legal_edges import only_legal_edges

StartWorkers = Callable[..., RespawningWorkers]


@pytest.fixture
def audit(transactional_db: None) -> Iterator[None]:
    """Create the audit table before the first worker starts, and refuse illegal state transitions."""
    finish_audit.prepare()
    with only_legal_edges():
        yield
    finish_audit.remove()


@pytest.fixture
def start_workers(audit: None, owner: User, start_worker: StartWorker) -> StartWorkers:
    """Start workers that are restarted when they end, such as `start_workers("counted", threads=2, LEASE_SECONDS="2")`.

    They look for dead processes every 0.5 s, without the grace period that follows a start of the database.
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
