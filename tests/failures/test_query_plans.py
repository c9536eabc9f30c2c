"""Queries for failures and finished files use their small indexes, even in a large table."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from batches.engine.chunks import items_after
from batches.failures import batch_failures, csv_export, queries
from batches.live.eta import last_finishes
from batches.models import BatchItem, UploadBatch
from batches.models.open_failures import dismissed_failures
from batches.models.scope import Scope, operator_scope, owner_scope
from batches.worker.completion_emails import due_batches
from bench import rows
from tests.support.database import delete_all_rows
from tests.support.query_plans import indexes, plan, truncate_tables
from tests.support.users import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FILES = 4_000


def scopes(owner: User) -> tuple[Scope, Scope]:
    """Return two scopes: one with only the owner's batches, and one with the batches of all owners."""
    return owner_scope(owner), operator_scope(make_staff("reader", "view_batchitem"))


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    """Fill, commit and vacuum the tables for all tests in this module; return the batch's id."""
    with django_db_blocker.unblock():
        batch_id = add_few_failures()
    yield batch_id
    with django_db_blocker.unblock():
        delete_all_rows(TransactionTestCase())


@pytest.fixture
def few_failures(filled: int, db: None) -> User:
    """The owner of the large batch, which has only a few failures."""
    return UploadBatch.objects.get(id=filled).owner


def add_few_failures() -> int:
    """Create a large batch in which one file in fifty failed."""
    truncate_tables()
    batch_id = rows.fill(FILES)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE batches_batchitem SET queue_position = NULL, finished_at = now(),"
            " status = CASE WHEN mod(queue_position, 50) = 0 THEN 'failed' ELSE 'completed' END,"
            " result = CASE WHEN mod(queue_position, 50) = 0 THEN '' ELSE 'new' END,"
            " error_code = CASE WHEN mod(queue_position, 50) = 0 THEN 'item.internal' ELSE '' END"
        )
        cursor.execute("UPDATE batches_uploadbatch SET failed = 80, successful = total - 80")
        cursor.execute("VACUUM ANALYZE batches_batchitem")
    return batch_id


def test_count_in_the_navigation_reads_failures_only(few_failures: User) -> None:
    assert "item_open_failure" in indexes(queries.COUNT, owner=few_failures.id, limit=100)


def test_groups_read_failures_only(few_failures: User) -> None:
    for scope in scopes(few_failures):
        assert indexes(queries.count_by_code(scope)) & {"item_open_failure", "item_failed", "item_error_code"}


def test_examples_read_failures_only(few_failures: User) -> None:
    for scope in scopes(few_failures):
        assert indexes(queries.examples(scope, "item.internal")) & {"item_open_failure", "item_error_code"}


def test_undoing_a_dismissal_reads_dismissed_failures_only(few_failures: User) -> None:
    at = timezone.now()
    BatchItem.objects.filter(status="failed", id__in=BatchItem.objects.values("id")[:100]).update(dismissed_at=at)

    for scope in scopes(few_failures):
        assert "item_dismissed" in indexes(dismissed_failures(scope, "item.internal", at))


def test_admin_filter_by_error_code_reads_failures_only(few_failures: User) -> None:
    failed = BatchItem.objects.filter(status="failed", error_code="item.internal").order_by("-id")[:50]

    assert indexes(failed) & {"item_error_code", "item_failed", "item_open_failure"}


def test_groups_of_a_batch_read_failures_only(few_failures: User) -> None:
    failed = BatchItem.objects.filter(batch=UploadBatch.objects.get(), status="failed")

    assert indexes(batch_failures.by_message(failed)) & {"item_failed", "item_open_failure", "item_error_code"}


@pytest.mark.parametrize(("code", "index"), [("", "item_failed"), ("item.internal", "item_open_failure")])
def test_chunk_of_the_csv_starts_after_the_last_one(few_failures: User, code: str, index: str) -> None:
    batch, (_, scope) = UploadBatch.objects.get(), scopes(few_failures)

    nodes = plan(csv_export.chunk_after(scope, code, batch.id, 1000))

    (walk,) = [node for node in nodes if node.get("Relation Name") == "batches_batchitem"]

    assert walk["Index Name"] == index
    assert "ROW(batch_id" in str(walk["Index Cond"])


def test_chunk_of_retried_files_starts_after_the_last_one(few_failures: User) -> None:
    chunk = items_after(BatchItem.objects.filter(status="failed"), UploadBatch.objects.get().id, 1000)[:500]

    (walk,) = [node for node in plan(chunk) if node.get("Relation Name") == "batches_batchitem"]

    assert walk["Index Name"] == "item_failed"
    assert "ROW(batch_id" in str(walk["Index Cond"])


def test_batches_without_mail_are_found_by_their_index(few_failures: User) -> None:
    completed = {"status": "completed", "sealed_at": timezone.now(), "completed_at": timezone.now()}
    UploadBatch.objects.bulk_create(
        UploadBatch(owner=few_failures, name="Notified", notified_at=timezone.now(), **completed) for _ in range(1000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_uploadbatch")
        cursor.execute("SET enable_seqscan = off")
        try:
            assert "batch_unnotified" in indexes(due_batches())
        finally:
            cursor.execute("RESET enable_seqscan")


def test_throughput_reads_the_latest_finished_files_only(few_failures: User) -> None:
    batch_id = UploadBatch.objects.values_list("id", flat=True).get()
    rows.add(FILES, "bench")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_batchitem")

    assert indexes(last_finishes(batch_id)) == {"item_completed", "item_failed"}
