"""Hold the newest fragments that one socket has not sent yet, so that each socket reads at its own speed."""

import asyncio
import time

FRAME_SECONDS = 0.25
LOW_PRIORITY_SECONDS = 0.5

# Close codes. A client must not reconnect after SIGNED_OUT and NOT_FOUND (docs/live.md); after FAILED it does.
SIGNED_OUT = 4403
NOT_FOUND = 4404
FAILED = 1011

Fragments = dict[str, str]
"""The fragments of a topic by name: HTML elements of a page, or JSON messages."""


class Viewer:
    """Collects fragments of `topics` topics. The first frame waits for all topics; then one per FRAME_SECONDS at most.

    There is no queue: a slow viewer skips states and gets the newest.
    """

    def __init__(self, topics: int) -> None:
        self.close_code: int | None = None
        self._topics = topics
        self._next_frame_at = 0.0
        self._changed = asyncio.Event()
        self._newest: dict[str, Fragments] = {}
        self._seen: Fragments = {}

    def offer(self, topic: str, fragments: Fragments, *, low_priority: bool) -> None:
        """Replace the fragments of one topic; names of fragments are unique over all topics of a viewer.

        Low-priority fragments wait up to LOW_PRIORITY_SECONDS for the next frame, because a separate frame would delay
        the next frame of the other topics.
        """
        self._newest[topic] = fragments
        if low_priority and self._seen:
            asyncio.get_running_loop().call_later(LOW_PRIORITY_SECONDS, self._changed.set)
        else:
            self._changed.set()

    def close(self, code: int) -> None:
        """Close with this code; later calls change nothing."""
        if self.close_code is None:
            self.close_code = code
        self._changed.set()

    async def next_fragments(self) -> list[str]:
        """Wait for fragments that this viewer has not seen; return an empty list once it is closed."""
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
