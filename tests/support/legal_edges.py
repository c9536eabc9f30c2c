"""A database trigger that refuses every state transition not declared in states.py."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import Any

from django.db import connection

from batches.models.states import BATCH_EDGES, ITEM_EDGES

TABLES: Mapping[str, Mapping[Any, frozenset[Any]]] = {
    "batches_batchitem": ITEM_EDGES,
    "batches_uploadbatch": BATCH_EDGES,
}
REFUSE = """
CREATE OR REPLACE FUNCTION refuse_edge() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% %: illegal edge from % to %', TG_TABLE_NAME, OLD.id, OLD.status, NEW.status; END $$
"""


@contextmanager
def only_legal_edges() -> Iterator[None]:
    """Refuse illegal state transitions in the test database, by any process, while the block runs."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSE)
        for table, edges in TABLES.items():
            cursor.execute(
                f"CREATE TRIGGER legal_edges BEFORE UPDATE OF status ON {table} FOR EACH ROW"
                f" WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN ({_pairs(edges)}))"
                " EXECUTE FUNCTION refuse_edge()"
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DROP TRIGGER legal_edges ON {table}")


def _pairs(edges: Mapping[Enum, frozenset[Enum]]) -> str:
    return ", ".join(f"('{source.value}', '{target.value}')" for source in edges for target in edges[source])
