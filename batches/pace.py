"""How fast a batch goes and how long it may still take, from what was really seen."""

from collections import deque

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

WINDOW = 60.0
ENOUGH_SECONDS = 5.0
ENOUGH_FILES = 5


class Pace:
    """The number of finished files as seen over the last minute, by one process."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, done: int) -> None:
        """Remember that `done` files were finished at `now` (monotonic seconds); fewer than before starts anew."""
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW:
            self._seen.popleft()

    def forget(self) -> None:
        """Start anew, as after a pause."""
        self._seen.clear()

    @property
    def rate(self) -> float | None:
        """Files a second; None while too little was seen to say."""
        if not self._seen:
            return None
        seconds = self._seen[-1][0] - self._seen[0][0]
        files = self._seen[-1][1] - self._seen[0][1]
        return files / seconds if seconds >= ENOUGH_SECONDS and files >= ENOUGH_FILES else None


def time_left(files: int, rate: float | None) -> str:
    """Say how long `files` more files may take at `rate` a second, as a range; nothing when that is not known."""
    if not rate or files <= 0:
        return ""
    low, high = files / rate * 0.8, files / rate * 1.3
    if high < 60:
        return _("less than a minute left")
    if high < 3600:
        minutes = ngettext("%(range)s minute left", "%(range)s minutes left", round(high / 60))
        return _range(low / 60, high / 60, minutes)
    if high < 48 * 3600:
        hours = ngettext("%(range)s hour left", "%(range)s hours left", round(high / 3600))
        return _range(low / 3600, high / 3600, hours)
    days = ngettext("%(range)s day left", "%(range)s days left", round(high / 86400))
    return _range(low / 86400, high / 86400, days)


def _range(low: float, high: float, words: str) -> str:
    first, last = max(1, round(low)), max(1, round(high))
    return words % {"range": f"{first}–{last}" if first != last else _("about %(number)s") % {"number": last}}  # noqa: RUF001
