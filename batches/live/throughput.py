"""Compute throughput and remaining time from finish times, and format both as text, without database access."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MAX_SAMPLES = 400
"""Maximum number of recent finish times to use."""
WINDOW = timedelta(minutes=10)
MIN_FILES = 5
MIN_SECONDS = 5.0
MIN_GAP_SECONDS = 30.0
QUARTERS = 4
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Throughput:
    """Throughput in files per second. `rate` is the average over the measured time, which is divided into quarters.

    `slow` and `fast` are the rates in the slowest and the fastest quarter, but each is at least 15% away from `rate`,
    and `slow` is at least a quarter of it.
    """

    slow: float
    rate: float
    fast: float


def measure_throughput(finished: Sequence[datetime], now: datetime) -> Throughput | None:
    """Return the throughput of files that finished at the times in `finished`, or None if there is not enough data.

    Files that finished more than WINDOW ago, or before a long gap such as a pause, are ignored.
    """
    ages = sorted((now - when).total_seconds() for when in finished if now - when <= WINDOW)
    ages = _after_last_gap(ages)
    seconds = ages[-1] if ages else 0.0
    has_all_samples = len(ages) >= MAX_SAMPLES and seconds > 0
    if len(ages) <= MIN_FILES or (seconds < MIN_SECONDS and not has_all_samples):
        return None
    rate = (len(ages) - 1) / seconds
    length = seconds / QUARTERS
    quarters = [sum(n * length <= age < (n + 1) * length for age in ages) / length for n in range(QUARTERS)]
    # Assume a deviation of at least 15% even after a steady period: the remaining files may be larger or smaller.
    return Throughput(max(min(*quarters, rate * 0.85), rate / 4), rate, max(*quarters, rate * 1.15))


def _after_last_gap(ages: list[float]) -> list[float]:
    gaps = [older - newer for newer, older in pairwise(ages)]
    if not gaps:
        return ages
    longest = max(MIN_GAP_SECONDS, 10 * median(gaps))
    return ages[: next((number for number, gap in enumerate(gaps, 1) if gap > longest), len(ages))]


def seconds_left(files: int, throughput: Throughput, other_queues: Sequence[int]) -> tuple[float, float]:
    """Return the shortest and the longest time that `files` more files may take, in seconds.

    `other_queues` contains the number of files left in each of the other queues that take turns with this one. The
    shortest time assumes that each of these queues gives up its time slices once it is empty. The longest time assumes
    that none of them becomes empty.
    """
    queues, done, shortest = len(other_queues) + 1, 0, 0.0
    for ended, left in enumerate([*sorted(other_queues), files]):
        step = min(left, files) - done
        if step <= 0:
            continue
        shortest += step / (throughput.fast * queues / (queues - min(ended, len(other_queues))))
        done += step
    return shortest, files / throughput.slow


def time_left_text(files: int, throughput: Throughput | None, other_queues: Sequence[int] = ()) -> str:
    """Return how long `files` more files may take, as text, usually a range; blank if this is unknown."""
    if throughput is None or files <= 0:
        return ""
    low, high = seconds_left(files, throughput, other_queues)
    if high < MINUTE:
        return _("less than a minute left")
    if high < HOUR:
        minutes = ngettext("%(range)s minute left", "%(range)s minutes left", round(high / MINUTE))
        return _with_range(minutes, low / MINUTE, high / MINUTE)
    if high < 2 * DAY:
        hours = ngettext("%(range)s hour left", "%(range)s hours left", round(high / HOUR))
        return _with_range(hours, low / HOUR, high / HOUR)
    days = ngettext("%(range)s day left", "%(range)s days left", round(high / DAY))
    return _with_range(days, low / DAY, high / DAY)


def _with_range(text: str, low: float, high: float) -> str:
    first, last = max(1, round(low)), max(1, round(high))
    return text % {"range": f"{first}–{last}" if first != last else _("about %(number)s") % {"number": last}}  # noqa: RUF001


def throughput_text(throughput: Throughput | None) -> str:
    """Return how many files finish per second, minute or hour, as text; blank if this is unknown."""
    if throughput is None:
        return ""
    if throughput.rate >= 1:
        return _("%(rate)s files a second") % {"rate": number_format(round(throughput.rate, 1), 1)}
    if throughput.rate * MINUTE >= 1:
        return _("%(rate)s files a minute") % {"rate": round(throughput.rate * MINUTE)}
    return _("%(rate)s files an hour") % {"rate": round(throughput.rate * HOUR)}


def duration_text(seconds: float) -> str:
    """Return a duration as text, rounded down to minutes or, for two days or more, to hours."""
    minutes = int(seconds // MINUTE)
    if minutes < 1:
        return _("less than a minute")
    if minutes < HOUR // MINUTE:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    if seconds < 2 * DAY:
        return _("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%(days)s d %(hours)s h") % {"days": minutes // 1440, "hours": minutes // 60 % 24}
