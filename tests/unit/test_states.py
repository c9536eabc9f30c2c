"""The legal state transitions, and a check that every UPDATE of a state takes its source states from them."""

import ast
import itertools
import re
from functools import cache
from pathlib import Path

import pytest

from batches.models.states import (
    BATCH_EDGES,
    FINISHED_ITEMS,
    ITEM_EDGES,
    BatchStatus,
    ItemStatus,
    batch_sources,
    check_edges,
    item_sources,
    sql_states,
)

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {"batch_sources", "item_sources"}
Edges = dict[BatchStatus, frozenset[BatchStatus]]
STATE_FIELDS = {"PENDING_FIELDS"}
STATE_UPDATE = re.compile(
    r"UPDATE batches_(batchitem|uploadbatch)\b(?!.*\bFROM unnest).*\bSET\b.*\bstatus =", re.DOTALL
)


def names(node: ast.AST) -> set[str]:
    """Return all names that a piece of code uses."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def writes_state(node: ast.AST) -> bool:
    """Return whether a piece of code updates a state, through the ORM or in SQL."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == "update":
            spread = {name for word in each.keywords if word.arg is None for name in names(word.value)}
            if spread & STATE_FIELDS or any(word.arg == "status" for word in each.keywords):
                return True
        pieces = each.values if isinstance(each, ast.JoinedStr) else [each]
        text = "".join(str(piece.value) for piece in pieces if isinstance(piece, ast.Constant))
        if "UPDATE batches_" in text and STATE_UPDATE.search(text):
            return True
    return False


@cache
def state_writers() -> list[tuple[str, ast.stmt]]:
    """Return every top-level statement of the source code that updates a state, with the path of its module."""
    paths = [*(ROOT / "batches").rglob("*.py"), *(ROOT / "uploads").rglob("*.py")]
    statements = ((path, statement) for path in paths for statement in ast.parse(path.read_text()).body)
    return [(path.relative_to(ROOT).as_posix(), each) for path, each in statements if writes_state(each)]


def test_every_update_of_a_state_takes_its_sources_from_the_edges() -> None:
    writers = state_writers()

    assert len(writers) >= 15
    assert [ast.unparse(statement) for _, statement in writers if not names(statement) & SOURCES] == []


def test_only_the_engine_writes_states() -> None:
    assert {path for path, _ in state_writers() if not path.startswith("batches/engine/")} == set()


@pytest.mark.parametrize("only", [ItemStatus.PENDING, ItemStatus.COMPLETED])
def test_undeclared_edge_is_refused(only: ItemStatus) -> None:
    with pytest.raises(ValueError, match="No edge"):
        item_sources(ItemStatus.FAILED, only)


def test_unreachable_state_is_refused() -> None:
    with pytest.raises(ValueError, match="No edge"):
        batch_sources(BatchStatus.PENDING)


def test_edges_that_leave_a_final_state_are_refused() -> None:
    edges: Edges = {**BATCH_EDGES, BatchStatus.CANCELLED: frozenset({BatchStatus.PROCESSING})}

    with pytest.raises(ValueError, match="must lead nowhere"):
        check_edges(edges, BatchStatus, {BatchStatus.CANCELLED})


def test_edges_that_lack_a_state_are_refused() -> None:
    edges: Edges = {state: targets for state, targets in BATCH_EDGES.items() if state != BatchStatus.PAUSED}

    with pytest.raises(ValueError, match="needs its edges"):
        check_edges(edges, BatchStatus, {BatchStatus.CANCELLED})


def test_sources_are_the_reversed_edges() -> None:
    for state, target in itertools.product(BatchStatus, set(BatchStatus) - {BatchStatus.PENDING}):
        assert (state in batch_sources(target)) == (target in BATCH_EDGES[state])
    for item_state, item_target in itertools.product(ItemStatus, repeat=2):
        assert (item_state in item_sources(item_target)) == (item_target in ITEM_EDGES[item_state])


def test_sources_can_be_narrowed() -> None:
    assert item_sources(ItemStatus.FAILED, ItemStatus.RECEIVING) == [ItemStatus.RECEIVING]


def test_sql_states_are_literals() -> None:
    assert sql_states([ItemStatus.PENDING, BatchStatus.PAUSED]) == "'pending', 'paused'"


@pytest.mark.parametrize("state", sorted(set(ItemStatus) - FINISHED_ITEMS))
def test_live_item_can_be_cancelled(state: ItemStatus) -> None:
    assert ItemStatus.CANCELLED in ITEM_EDGES[state]


def test_finished_item_comes_back_only_from_failed() -> None:
    back = {(state, target) for state in FINISHED_ITEMS for target in ITEM_EDGES[state]}

    assert back == {(ItemStatus.FAILED, ItemStatus.PENDING), (ItemStatus.FAILED, ItemStatus.RECEIVING)}
