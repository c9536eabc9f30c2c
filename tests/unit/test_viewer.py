"""A viewer first sends the fragments of all its topics, then only those that changed."""

import asyncio

import pytest

from batches.live import viewer as viewer_module
from batches.live.viewer import NOT_FOUND, SIGNED_OUT, Viewer


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> Viewer:
    """A viewer of two topics that does not pause between frames."""
    monkeypatch.setattr(viewer_module, "FRAME_SECONDS", 0.0)
    return Viewer(2)


async def test_first_frame_has_the_fragments_of_all_topics(viewer: Viewer) -> None:
    viewer.offer("batch", {"summary": "1"}, low_priority=False)
    frame = asyncio.create_task(viewer.next_fragments())
    await asyncio.sleep(0.05)
    assert not frame.done()

    viewer.offer("owner", {"running": "a"}, low_priority=True)

    assert await frame == ["1", "a"]


async def test_next_frame_has_only_the_newest_of_what_changed(viewer: Viewer) -> None:
    viewer.offer("owner", {"running": "a"}, low_priority=False)
    viewer.offer("batch", {"title": "t", "summary": "1"}, low_priority=False)
    await viewer.next_fragments()
    for count in "234":
        viewer.offer("batch", {"title": "t", "summary": count}, low_priority=False)

    assert await viewer.next_fragments() == ["4"]


async def test_low_priority_fragments_join_the_next_frame(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer_module, "LOW_PRIORITY_SECONDS", 3600)
    viewer.offer("owner", {"running": "a"}, low_priority=True)
    viewer.offer("batch", {"summary": "1"}, low_priority=False)
    await viewer.next_fragments()
    viewer.offer("owner", {"running": "b"}, low_priority=True)
    frame = asyncio.create_task(viewer.next_fragments())
    await asyncio.sleep(0.05)
    assert not frame.done()

    viewer.offer("batch", {"summary": "2"}, low_priority=False)

    assert sorted(await frame) == ["2", "b"]


async def test_low_priority_fragments_make_a_frame_if_nothing_else_changes(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer_module, "LOW_PRIORITY_SECONDS", 0.01)
    viewer.offer("batch", {"summary": "1"}, low_priority=False)
    viewer.offer("owner", {"running": "a"}, low_priority=True)
    await viewer.next_fragments()

    viewer.offer("owner", {"running": "b"}, low_priority=True)

    assert await viewer.next_fragments() == ["b"]


async def test_closed_viewer_gets_nothing_and_keeps_the_first_close_code(viewer: Viewer) -> None:
    viewer.offer("batch", {"summary": "1"}, low_priority=False)
    viewer.close(SIGNED_OUT)
    viewer.close(NOT_FOUND)

    assert await viewer.next_fragments() == []
    assert viewer.close_code == SIGNED_OUT
