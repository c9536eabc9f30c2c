"""One who watches: it takes the newest of what it has not seen yet, at its own speed, and holds no queue."""

import asyncio
import time

FRAME_SECONDS = 0.25
CALM_SECONDS = 0.5
SIGNED_OUT = 4403
NOT_FOUND = 4404
"""With these the server closes a socket for good: coming back is no use."""
FAILED = 1011
"""Our fault: the page comes back by itself."""

Fragments = dict[str, str]


class Viewer:
    """Takes parts from `sources` renderers, first when each has some, then at most every FRAME_SECONDS.

    Whatever it missed is in the newest parts.
    """

    def __init__(self, sources: int) -> None:
        self.ended: int | None = None
        self._sources = sources
        self._due = 0.0
        self._news = asyncio.Event()
        self._newest: dict[str, Fragments] = {}
        self._seen: Fragments = {}

    def offer(self, source: str, parts: Fragments, *, calm: bool) -> None:
        """Show the newest parts of one source; names of parts are unique over all sources.

        What is `calm` goes along with the next frame, or alone after CALM_SECONDS: it must not delay other news.
        """
        self._newest[source] = parts
        if calm and self._seen:
            asyncio.get_running_loop().call_later(CALM_SECONDS, self._news.set)
        else:
            self._news.set()

    def end(self, code: int) -> None:
        """Say that there is nothing more to see, and with which code the socket is closed; the first word counts."""
        if self.ended is None:
            self.ended = code
        self._news.set()

    async def next_parts(self) -> list[str]:
        """Wait for something that this viewer has not seen, and return it; nothing when it has `ended`."""
        while True:
            await self._news.wait()
            await asyncio.sleep(self._due - time.monotonic())
            self._news.clear()
            if self.ended is not None:
                return []
            if len(self._newest) < self._sources:
                continue
            newest = {name: part for parts in self._newest.values() for name, part in parts.items()}
            fresh = [part for name, part in newest.items() if self._seen.get(name) != part]
            self._seen = newest
            if fresh:
                self._due = time.monotonic() + FRAME_SECONDS
                return fresh
