"""How fast a batch goes and how long it may still take: pure figures and words, from times that were really seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LATEST = 400
"""How many of the last finished files are looked at."""
RECENT = timedelta(minutes=10)
ENOUGH_FILES = 5
ENOUGH_SECONDS = 5.0
BREAK_SECONDS = 30.0
QUARTERS = 4
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Throughput:
    """Files a second: over the whole time seen, and in its slowest and fastest quarter."""

    slow: float
    rate: float
    fast: float


def measure_throughput(finished: Sequence[datetime], now: datetime) -> Throughput | None:
    """Return the pace of files that finished at these times; None while too little was seen to say.

    What lies before a long break, as a pause makes one, does not count.
    """
    ages = sorted((now - when).total_seconds() for when in finished if now - when <= RECENT)
    ages = _since_the_last_break(ages)
    seconds = ages[-1] if ages else 0.0
    full = len(ages) >= LATEST and seconds > 0
    if len(ages) <= ENOUGH_FILES or (seconds < ENOUGH_SECONDS and not full):
        return None
    rate = (len(ages) - 1) / seconds
    length = seconds / QUARTERS
    quarters = [sum(n * length <= age < (n + 1) * length for age in ages) / length for n in range(QUARTERS)]
    # However even it was: what comes may be larger files or smaller ones.
    return Throughput(max(min(*quarters, rate * 0.85), rate / 4), rate, max(*quarters, rate * 1.15))


def _since_the_last_break(ages: list[float]) -> list[float]:
    gaps = [later - sooner for sooner, later in pairwise(ages)]
    if not gaps:
        return ages
    longest = max(BREAK_SECONDS, 10 * median(gaps))
    ends = (number for number, gap in enumerate(gaps, 1) if gap > longest)
    return ages[: next(ends, len(ages))]


def seconds_left(files: int, pace: Throughput, others: Sequence[int]) -> tuple[float, float]:
    """Return the shortest and the longest time that `files` more files may take.

    `others` are the files left in each queue that takes turns with this one: as these end, the turns come more often.
    At the longest none of them ends, or others come instead.
    """
    turns, before, shortest = len(others) + 1, 0, 0.0
    for ended, left in enumerate([*sorted(others), files]):
        step = min(left, files) - before
        if step <= 0:
            continue
        shortest += step / (pace.fast * turns / (turns - min(ended, len(others))))
        before += step
    return shortest, files / pace.slow


def time_left_text(files: int, pace: Throughput | None, others: Sequence[int] = ()) -> str:
    """Say how long `files` more files may take, as a range; nothing when that is not known."""
    if pace is None or files <= 0:
        return ""
    low, high = seconds_left(files, pace, others)
    if high < MINUTE:
        return _("less than a minute left")
    if high < HOUR:
        minutes = ngettext("%(range)s minute left", "%(range)s minutes left", round(high / MINUTE))
        return _range(low / MINUTE, high / MINUTE, minutes)
    if high < 2 * DAY:
        hours = ngettext("%(range)s hour left", "%(range)s hours left", round(high / HOUR))
        return _range(low / HOUR, high / HOUR, hours)
    days = ngettext("%(range)s day left", "%(range)s days left", round(high / DAY))
    return _range(low / DAY, high / DAY, days)


def _range(low: float, high: float, words: str) -> str:
    first, last = max(1, round(low)), max(1, round(high))
    return words % {"range": f"{first}–{last}" if first != last else _("about %(number)s") % {"number": last}}  # noqa: RUF001


def throughput_text(pace: Throughput | None) -> str:
    """Say how many files are done in a second, a minute or an hour: the first of these with a whole file."""
    if pace is None:
        return ""
    if pace.rate >= 1:
        return _("%(rate)s files a second") % {"rate": number_format(round(pace.rate, 1), 1)}
    if pace.rate * MINUTE >= 1:
        return _("%(rate)s files a minute") % {"rate": round(pace.rate * MINUTE)}
    return _("%(rate)s files an hour") % {"rate": round(pace.rate * HOUR)}


def duration_text(seconds: float) -> str:
    """Say how long something took, in its largest two units; whole minutes at least."""
    minutes = int(seconds // MINUTE)
    if minutes < 1:
        return _("less than a minute")
    if minutes < HOUR // MINUTE:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    if seconds < 2 * DAY:
        return _("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%(days)s d %(hours)s h") % {"days": minutes // 1440, "hours": minutes // 60 % 24}
