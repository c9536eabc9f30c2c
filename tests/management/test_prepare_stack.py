"""`manage.py run` reports servers that it cannot reach, and tables that another version created."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from vuemantics.localstack import LocalServices, StartError
from vuemantics.management.stack import check_tables, prepare_stack

pytestmark = pytest.mark.django_db


def test_unreachable_postgresql_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("REDIS_URL", django_settings.REDIS_URL)
    monkeypatch.setattr(connection, "get_connection_params", lambda: {"host": "127.0.0.1", "port": 1})

    with pytest.raises(StartError, match="PostgreSQL at DATABASE_URL does not accept connections"):
        prepare_stack(LocalServices(tmp_path / "var"))


def test_unreachable_redis_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(django_settings, "REDIS_URL", "redis://127.0.0.1:1/0")

    with pytest.raises(StartError, match="Redis at REDIS_URL is not responding"):
        prepare_stack(LocalServices(tmp_path / "var"))


def test_tables_of_this_version_are_accepted() -> None:
    check_tables()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE batches_batchitem DROP COLUMN stage",
        "ALTER TABLE batches_batchitem ADD COLUMN mood text NOT NULL",
        "ALTER TABLE batches_batchitem RENAME TO elsewhere",
    ],
)
def test_tables_that_differ_from_the_models_are_refused(change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)

    with pytest.raises(
        StartError, match=r"another version before release 1 \(batches_batchitem\..*add your files again"
    ):
        check_tables()
