"""Get the indexes that PostgreSQL uses for a statement."""

import json
from typing import Any

from django.db import connection


def nodes(plan: dict[str, object]) -> list[dict[str, object]]:
    """Return all nodes of a plan."""
    below = plan.get("Plans", [])
    assert isinstance(below, list)
    return [plan, *(node for child in below for node in nodes(child))]


def indexes(statement: str, **parameters: Any) -> set[object]:
    """Return the indexes that PostgreSQL would use for a statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    found = nodes(plan[0]["Plan"])
    assert not [
        node for node in found if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "batches_batchitem"
    ]
    return {node.get("Index Name") for node in found} - {None}
