"""The admin page "Engine", the links to it, and the stall reasons in the batch list."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from batches.engine import claim, liveness
from batches.engine.pause import resume_batch
from batches.models import UploadBatch, Worker
from bench.rows import fill
from tests.support.batches import make_batch
from tests.support.fake_workers import fake_worker
from tests.support.servers import Services
from tests.support.users import make_staff

pytestmark = pytest.mark.django_db(transaction=True)
FULL = ("storage.full", "The disk is full.")


@pytest.fixture
def viewer(client: Client, transactional_db: None) -> Client:
    """A client signed in as staff who may only view workers, batches and files."""
    client.force_login(make_staff("viewer", "view_worker", "view_uploadbatch", "view_batchitem"))
    return client


def text(client: Client, name: str, *args: int) -> str:
    """Request a page, check that its status is 200, and return its HTML."""
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_page_shows_workers_files_queue_and_recoveries(viewer: Client, owner: User) -> None:
    batch_id = fill(1235, owner.get_username())
    assert resume_batch(batch_id)
    Worker.objects.create(host="cellar", pid=77, threads=1, recovered=4, recovered_at=timezone.now())
    with fake_worker() as worker:
        assert claim.claim_item(batch_id, worker.id) is not None

        page = text(viewer, "admin:batches_engine")

    assert f"Worker {worker.host}, process {worker.pid}" in page
    assert "IMG_0.JPG" in page
    assert "1,234" in page
    assert "cellar:77" in page


def test_page_reports_workers_that_do_not_respond(viewer: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_batch(owner, files=1)
    with fake_worker():
        responding = text(viewer, "admin:batches_engine")
        monkeypatch.setattr(liveness, "SILENCE", timedelta(0))

        page = text(viewer, "admin:batches_engine")

    assert "espond" not in responding
    assert "Files are waiting, but no worker is responding. Stop the worker processes and start them again." in page
    assert "Has not responded since" in page


def test_page_hides_file_names_from_staff_who_may_not_view_files(client: Client, owner: User) -> None:
    client.force_login(make_staff("watcher", "view_worker"))
    batch = make_batch(owner, files=1)
    with fake_worker() as worker:
        assert claim.claim_item(batch.id, worker.id) is not None

        page = text(client, "admin:batches_engine")

    assert "IMG_0000.JPG" not in page


def test_page_shows_the_stall_reason_of_a_worker(viewer: Client) -> None:
    with fake_worker(*FULL):
        page = text(viewer, "admin:batches_engine")

    assert "Stalled (storage.full): The disk is full." in page


def test_page_says_when_files_wait_without_a_worker(viewer: Client, owner: User, services: Services) -> None:
    make_batch(owner, files=1)
    services.stop_redis()

    page = text(viewer, "admin:batches_engine")

    assert "Files are waiting, but no worker is running." in page
    assert "Redis is not responding" in page


def test_page_refreshes_without_javascript(viewer: Client) -> None:
    response = viewer.get(reverse("admin:batches_engine"))
    page = response.content.decode()

    assert '<meta http-equiv="refresh" content="5">' in page
    assert "<script>" not in page
    assert "<style" not in page
    assert "style=" not in page
    assert "'unsafe-inline'" not in response["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["admin:index", "admin:batches_worker_changelist"])
def test_page_is_linked_for_staff_who_may_view_it(viewer: Client, name: str) -> None:
    assert f'href="{reverse("admin:batches_engine")}"' in text(viewer, name)


def test_page_is_not_linked_for_others(client: Client, transactional_db: None) -> None:
    client.force_login(make_staff("nothing", "view_uploadbatch"))

    assert reverse("admin:batches_engine") not in text(client, "admin:index")


def test_batch_list_and_page_show_the_stall_reason(viewer: Client, owner: User) -> None:
    batch = make_batch(owner, files=1)

    with fake_worker(*FULL):
        many = text(viewer, "admin:batches_uploadbatch_changelist")
        one = text(viewer, "admin:batches_uploadbatch_change", batch.id)

    assert "Processing<br>Waiting for the storage</td>" in many
    assert 'Waiting for the storage: <span lang="en">The disk is full.</span>' in one


def test_batch_list_says_when_no_worker_runs(viewer: Client, owner: User) -> None:
    batch = make_batch(owner, files=1)
    UploadBatch.objects.filter(id=batch.id).update(started_at=timezone.now() - timedelta(minutes=1))

    assert "Processing<br>No worker is running</td>" in text(viewer, "admin:batches_uploadbatch_changelist")


def test_batch_list_reads_stall_reasons_with_one_query(viewer: Client, owner: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            text(viewer, "admin:batches_uploadbatch_changelist")
        return len(queries)

    make_batch(owner, files=1)
    with fake_worker(*FULL):
        few = count()
        for number in range(3):
            make_batch(owner, files=1, name=f"Day {number}")
        assert count() == few
