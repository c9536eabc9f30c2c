"""The declared state transitions are checked, and updates get their source states from them."""

import itertools

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

Edges = dict[BatchStatus, frozenset[BatchStatus]]


@pytest.mark.parametrize("only", [ItemStatus.PENDING, ItemStatus.COMPLETED])
def test_undeclared_edge_is_refused(only: ItemStatus) -> None:
    with pytest.raises(ValueError, match="No edge"):
        item_sources(ItemStatus.FAILED, only)


def test_unreachable_state_is_refused() -> None:
    with pytest.raises(ValueError, match="No edge"):
        batch_sources(BatchStatus.PENDING)


def test_edges_that_leave_a_final_state_are_refused() -> None:
    edges: Edges = {**BATCH_EDGES, BatchStatus.CANCELLED: frozenset({BatchStatus.PROCESSING})}

    with pytest.raises(ValueError, match="must have no outgoing edges"):
        check_edges(edges, BatchStatus, {BatchStatus.CANCELLED})


def test_edges_that_lack_a_state_are_refused() -> None:
    edges: Edges = {state: targets for state, targets in BATCH_EDGES.items() if state != BatchStatus.PAUSED}

    with pytest.raises(ValueError, match="needs its edges"):
        check_edges(edges, BatchStatus, {BatchStatus.CANCELLED})


def test_sources_are_the_reversed_edges() -> None:
    for state, target in itertools.product(BatchStatus, set(BatchStatus) - {BatchStatus.PENDING}):
        assert (state in batch_sources(target)) == (target in BATCH_EDGES[state])
    for item_state, item_target in itertools.product(ItemStatus, ItemStatus):
        assert (item_state in item_sources(item_target)) == (item_target in ITEM_EDGES[item_state])


def test_sources_can_be_narrowed() -> None:
    assert item_sources(ItemStatus.FAILED, ItemStatus.RECEIVING) == [ItemStatus.RECEIVING]


def test_sql_states_are_literals() -> None:
    assert sql_states([ItemStatus.PENDING, BatchStatus.PAUSED]) == "'pending', 'paused'"


@pytest.mark.parametrize("state", sorted(set(ItemStatus) - FINISHED_ITEMS - {ItemStatus.MISSING}))
def test_live_item_can_be_cancelled(state: ItemStatus) -> None:
    assert ItemStatus.CANCELLED in ITEM_EDGES[state]


def test_finished_item_comes_back_only_from_failed() -> None:
    back = {(state, target) for state in FINISHED_ITEMS for target in ITEM_EDGES[state]}

    assert back == {(ItemStatus.FAILED, ItemStatus.PENDING), (ItemStatus.FAILED, ItemStatus.RECEIVING)}
