"""Approximate vector indexes (HNSW) for owners with many pictures, one per owner and model.

In a shared index, a search would have to skip the vectors of all other owners. Owners with few vectors need no index,
and without one, their imports are faster. Indexes are built without blocking writes, and never in a migration.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Count
from psycopg import sql

from uploads.database import fetch_row
from uploads.models import Embedding

logger = logging.getLogger(__name__)

EXACT_ROWS = 20_000
"""Up to this number of rows, an exact scan is fast. An owner with more vectors of a model gets an index."""

# For how these values were chosen, see docs/search.md.
CONNECTIONS, BUILD_CANDIDATES = 16, 128
MAX_DIMENSIONS = 4000
"""The maximum number of dimensions that pgvector can index in half precision."""

_PREFIX = "embedding_hnsw_"
BUILD_LOCK = 0x76656374
"""The advisory lock for building and dropping indexes."""

_STATE = """
SELECT relname, indisvalid FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid
 WHERE indrelid = 'uploads_embedding'::regclass AND relname LIKE 'embedding\\_hnsw\\_%'
"""

_INDEX_SIZE = """
SELECT greatest(reltuples, 1),
       greatest(reltuples, 1) / greatest((SELECT reltuples FROM pg_class WHERE oid = 'uploads_upload'::regclass), 1)
  FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
 WHERE indexrelid = to_regclass(%(name)s) AND indisvalid
"""


def index_name(owner_id: int, model: str) -> str:
    """Return the name of the index on an owner's vectors of one model."""
    return f"{_PREFIX}{owner_id}_{hashlib.sha256(model.encode()).hexdigest()[:12]}"


class IndexSize(NamedTuple):
    """PostgreSQL's estimates of the number of indexed vectors, and of its ratio to the number of all uploads."""

    rows: float
    share: float


def index_size(owner_id: int, model: str) -> IndexSize:
    """Return the size of the index on an owner's vectors of a model; zeros if there is none or it is incomplete."""
    row = fetch_row(_INDEX_SIZE, {"name": index_name(owner_id, model)})
    return IndexSize(*map(float, row)) if row else IndexSize(0.0, 0.0)


def maintain_indexes() -> list[str]:
    """Build missing indexes, and drop incomplete ones and those of owners who have few vectors left.

    Return the names of the indexes that were built or dropped. Building an index of 1,000,000 vectors takes about half
    an hour on one core. If another process is maintaining indexes, do nothing. Do not call this in a transaction.
    """
    with _build_lock() as locked:
        return list(_maintain()) if locked else []


def _maintain() -> Iterator[str]:
    wanted = {index_name(owner_id, model): (owner_id, model) for owner_id, model in _owners_of_many()}
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        state = dict(cursor.fetchall())
    for name, valid in state.items():
        if not valid or name not in wanted:
            _run(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(name)))
            yield name
    for name, (owner_id, model) in wanted.items():
        if not state.get(name) and _build(name, owner_id, model):
            yield name


def _owners_of_many() -> list[tuple[int, str]]:
    """Return the owners and models with enough vectors for an index."""
    counted = Embedding.objects.values("owner_id", "model").annotate(rows=Count("id")).order_by()
    return list(counted.filter(rows__gt=EXACT_ROWS).values_list("owner_id", "model"))


def _build(name: str, owner_id: int, model: str) -> bool:
    """Build an index. Return False if the vectors are too long for one."""
    first = Embedding.objects.filter(owner_id=owner_id, model=model)[0]
    dimensions = len(first.vector)
    if dimensions > MAX_DIMENSIONS:
        logger.warning("Vectors of %s cannot be indexed, because they have %d dimensions.", model, dimensions)
        return False
    logger.info("Building the index %s of the vectors of user %d.", name, owner_id)
    _run(
        sql.SQL(
            "CREATE INDEX CONCURRENTLY {name} ON uploads_embedding"
            " USING hnsw ((vector::halfvec({dimensions})) halfvec_ip_ops)"
            " WITH (m = {connections}, ef_construction = {candidates})"
            " WHERE owner_id = {owner} AND model = {model}"
        ).format(
            name=sql.Identifier(name),
            dimensions=sql.Literal(dimensions),
            connections=sql.Literal(CONNECTIONS),
            candidates=sql.Literal(BUILD_CANDIDATES),
            owner=sql.Literal(owner_id),
            model=sql.Literal(model),
        )
    )
    logger.info("Built the index %s.", name)
    return True


def _run(statement: sql.Composed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _build_lock() -> Iterator[bool]:
    """Yield whether the lock for index maintenance was free. If so, hold it, and raise the session's memory limit.

    The lock belongs to the session: if this process dies, PostgreSQL finishes building the index, and keeps the lock
    until then.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [BUILD_LOCK])
        locked = cursor.fetchone() == (True,)
        if not locked:
            yield False
            return
        cursor.execute("SELECT set_config('maintenance_work_mem', %s, false)", [f"{settings.INDEX_MEMORY_MIB}MB"])
        try:
            yield True
        finally:
            cursor.execute("RESET maintenance_work_mem")
            cursor.execute("SELECT pg_advisory_unlock(%s)", [BUILD_LOCK])
