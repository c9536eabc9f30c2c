"""Hold the newest fragments that a socket has not sent yet, so that each socket sends at its own pace."""

import asyncio
import time

FRAME_SECONDS = 0.25
LOW_PRIORITY_SECONDS = 0.5

# Close codes (docs/live.md). A client may reconnect after FAILED, but not after SIGNED_OUT or NOT_FOUND.
SIGNED_OUT = 4403
NOT_FOUND = 4404
FAILED = 1011

Fragments = dict[str, str]
"""The fragments of a topic by name: HTML elements of a page, or JSON messages."""


class Viewer:
    """Collects the fragments of one or more topics (`topics` is their number) for one socket.

    The first frame waits for the fragments of all topics; later frames are at least FRAME_SECONDS apart. There is no
    queue, so a slow viewer skips intermediate states and gets only the newest one.
    """

    def __init__(self, topics: int) -> None:
        self.close_code: int | None = None
        self._topics = topics
        self._next_frame_at = 0.0
        self._changed = asyncio.Event()
        self._newest: dict[str, Fragments] = {}
        self._seen: Fragments = {}

    def offer(self, topic: str, fragments: Fragments, *, low_priority: bool) -> None:
        """Replace the fragments of one topic. Fragment names must be unique across all topics of a viewer.

        Low-priority fragments wait for up to LOW_PRIORITY_SECONDS to share a frame with other topics, because a
        separate frame would delay the next frame of the other topics.
        """
        self._newest[topic] = fragments
        if low_priority and self._seen:
            asyncio.get_running_loop().call_later(LOW_PRIORITY_SECONDS, self._changed.set)
        else:
            self._changed.set()

    def close(self, code: int) -> None:
        """Close the viewer with `code`. A viewer that is already closed keeps its first code."""
        if self.close_code is None:
            self.close_code = code
        self._changed.set()

    async def next_fragments(self) -> list[str]:
        """Wait for fragments that were not returned before, and return them; return an empty list once closed."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._next_frame_at - time.monotonic())
            self._changed.clear()
            if self.close_code is not None:
                return []
            if len(self._newest) < self._topics:
                continue
            newest = {name: text for fragments in self._newest.values() for name, text in fragments.items()}
            unseen = [text for name, text in newest.items() if self._seen.get(name) != text]
            self._seen = newest
            if unseen:
                self._next_frame_at = time.monotonic() + FRAME_SECONDS
                return unseen
