"""Get the plan that PostgreSQL chooses for a query, and the indexes that the plan uses."""

import json
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Node = dict[str, object]


def truncate_tables() -> None:
    """Delete all batches, files and pictures, and give their tables and indexes new files.

    A query-plan test calls this first. Rows that earlier tests deleted leave larger indexes, and the size of an index
    decides between plans that cost nearly the same.
    """
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE batches_uploadbatch, uploads_upload CASCADE")


def plan(query: str | QuerySet[Any, Any], **parameters: Any) -> list[Node]:
    """Return the nodes of a query's plan, and check that none of them scans the whole item table."""
    statement, values = (query, parameters) if isinstance(query, str) else query.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        found = cursor.fetchone()[0]
    nodes = _nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])
    assert not [n for n in nodes if n["Node Type"] == "Seq Scan" and n["Relation Name"] == "batches_batchitem"]
    return nodes


def indexes(query: str | QuerySet[Any, Any], **parameters: Any) -> set[object]:
    """Return the indexes that PostgreSQL would use for a query."""
    return {node.get("Index Name") for node in plan(query, **parameters)} - {None}


def _nodes(root: Node) -> list[Node]:
    below = root.get("Plans", [])
    assert isinstance(below, list)
    return [root, *(node for child in below for node in _nodes(child))]
