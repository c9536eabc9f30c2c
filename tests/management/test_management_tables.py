"""Tables of another version before release 1 are noticed at the start."""

import pytest
from django.db import connection

from vuemantics.localstack import StartError
from vuemantics.management.stack import check_tables

pytestmark = pytest.mark.django_db


def test_tables_of_this_version_are_taken() -> None:
    check_tables()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE batches_batchitem DROP COLUMN stage",
        "ALTER TABLE batches_batchitem ADD COLUMN mood text NOT NULL",
        "ALTER TABLE batches_batchitem RENAME TO elsewhere",
    ],
)
def test_other_columns_than_the_models_are_refused_with_the_mend(change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)

    with pytest.raises(
        StartError, match=r"another version before release 1 \(batches_batchitem\..*add your files again"
    ):
        check_tables()
