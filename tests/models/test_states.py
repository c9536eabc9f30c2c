"""The edges between states, without a database."""

import itertools

import pytest

from batches.models.states import (
    BATCH_EDGES,
    FINISHED_ITEMS,
    ITEM_EDGES,
    LIVE_ITEMS,
    BatchStatus,
    ItemStatus,
    batch_sources,
    item_sources,
)


def test_every_state_declares_its_edges() -> None:
    assert set(BATCH_EDGES) == set(BatchStatus)
    assert set(ITEM_EDGES) == set(ItemStatus)


def test_item_states_are_live_or_finished_and_never_both() -> None:
    assert set(ItemStatus) == LIVE_ITEMS | FINISHED_ITEMS
    assert not LIVE_ITEMS & FINISHED_ITEMS


def test_no_state_leads_to_itself() -> None:
    for edges in (BATCH_EDGES, ITEM_EDGES):
        assert not [state for state, targets in edges.items() if state in targets]


def test_cancelled_batch_is_final() -> None:
    assert BATCH_EDGES[BatchStatus.CANCELLED] == frozenset()


def test_completed_batch_leads_only_back_to_processing() -> None:
    assert BATCH_EDGES[BatchStatus.COMPLETED] == {BatchStatus.PROCESSING}


@pytest.mark.parametrize("state", [BatchStatus.PENDING, BatchStatus.PROCESSING, BatchStatus.PAUSED])
def test_unfinished_batch_can_be_cancelled_and_completed(state: BatchStatus) -> None:
    assert {BatchStatus.CANCELLED, BatchStatus.COMPLETED} <= BATCH_EDGES[state]


@pytest.mark.parametrize("state", sorted(LIVE_ITEMS))
def test_live_item_can_be_cancelled(state: ItemStatus) -> None:
    assert ItemStatus.CANCELLED in ITEM_EDGES[state]


def test_finished_item_comes_back_only_from_failed() -> None:
    back = {(state, target) for state in FINISHED_ITEMS for target in ITEM_EDGES[state]}

    assert back == {(ItemStatus.FAILED, ItemStatus.PENDING), (ItemStatus.FAILED, ItemStatus.RECEIVING)}


def test_item_enters_the_queue_only_with_its_bytes_here() -> None:
    assert set(item_sources(ItemStatus.PENDING)) == {ItemStatus.RECEIVING, ItemStatus.PROCESSING, ItemStatus.FAILED}
    assert item_sources(ItemStatus.PROCESSING) == [ItemStatus.PENDING]


def test_sources_are_the_edges_read_backwards() -> None:
    for state, target in itertools.product(BatchStatus, repeat=2):
        assert (state in batch_sources(target)) == (target in BATCH_EDGES[state])
    for item_state, item_target in itertools.product(ItemStatus, repeat=2):
        assert (item_state in item_sources(item_target)) == (item_target in ITEM_EDGES[item_state])


def test_every_state_is_reached() -> None:
    assert set().union(*BATCH_EDGES.values()) == set(BatchStatus) - {BatchStatus.PENDING}
    assert set().union(*ITEM_EDGES.values()) == set(ItemStatus)
