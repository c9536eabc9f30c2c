"""Read and validate environment variables for settings.py.

Every function treats an empty variable as unset. For an invalid value, it raises ImproperlyConfigured with one line
that names the variable, the value (without passwords in URLs) and what is expected.
"""

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

from vuemantics.localstack import StartError, local_secret_key

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def text(name: str, default: str = "") -> str:
    """Return the value without surrounding whitespace, or `default` if it is empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str) -> bool:
    """Read a yes-or-no variable; unset means no."""
    value = text(name, "0").lower()
    if value not in TRUE | FALSE:
        raise _error(name, value, "1 or 0")
    return value in TRUE


def choice(name: str, default: str, choices: Sequence[str]) -> str:
    """Read one of `choices`, ignoring case."""
    value = text(name, default)
    found = {one.lower(): one for one in choices}.get(value.lower())
    if found is None:
        raise _error(name, value, f"one of {', '.join(choices)}", default)
    return found


def number(name: str, default: float, *, minimum: float, maximum: float = math.inf) -> float:
    """Read a finite number from `minimum` to `maximum`, inclusive."""
    value = text(name, str(default))
    try:
        parsed = float(value)
    except ValueError:
        parsed = math.nan
    if not (math.isfinite(parsed) and minimum <= parsed <= maximum):
        bounds = f"at least {minimum:g}" + ("" if math.isinf(maximum) else f" and at most {maximum:g}")
        raise _error(name, value, f"a number, {bounds}", str(default))
    return parsed


def integer(name: str, default: int, *, minimum: int) -> int:
    """Read an integer that is at least `minimum`."""
    value = text(name, str(default))
    if not re.fullmatch(r"[+-]?\d{1,15}", value) or int(value) < minimum:
        raise _error(name, value, f"an integer, at least {minimum}", str(default))
    return int(value)


def numbers(name: str) -> dict[str, float]:
    """Read named finite numbers above 0, such as `describing=1800,checking=60`. If unset, return {}."""
    found = {}
    for pair in filter(None, map(str.strip, text(name).split(","))):
        key, _equals, value = pair.partition("=")
        try:
            found[key.strip()] = float(value)
        except ValueError:
            raise _error(name, pair, "numbers by name, such as describing=1800,checking=60") from None
        if not 0 < found[key.strip()] < math.inf:
            raise _error(name, pair, "numbers above 0")
    return found


def hours(name: str) -> tuple[int, int] | None:
    """Read a span of hours of the day, such as `23-5`: from 23:00 until 5:00. Return None if it is unset."""
    value = text(name)
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})", value, re.ASCII)
    span = (int(match[1]), int(match[2])) if match else None
    if value and (span is None or max(span) > 24 or span[0] == span[1]):
        raise _error(name, value, "two different hours from 0 to 24, such as 23-5")
    return span


def url(name: str, default: str, schemes: Sequence[str], example: str) -> str:
    """Read a server's URL, which must have one of `schemes`. Error messages leave out user and password."""
    value = text(name, default)
    try:
        parts = urlsplit(value)
        valid = parts.scheme in schemes and bool(parts.netloc or parts.path) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or "://" not in value:
        raise _error(name, re.sub(r"(://|^).*@", r"\1…@", value), f"a URL such as {example}")
    return value


def origin(name: str) -> str:
    """Read scheme, host and port of a web server and remove a trailing slash. Return "" if unset."""
    value = text(name).rstrip("/")
    if not re.fullmatch(r"(?:https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)?", value):
        raise _error(name, re.sub(r"//.*@", "//…@", value), "scheme, host and port, such as https://files.local:9000")
    return value


def time_zone(name: str, default: str) -> str:
    """Read the name of a time zone. This machine must have data for it."""
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        expected = "a time zone such as Europe/Berlin (if it is one, install your system's tzdata package)"
        raise _error(name, value, expected, default) from None
    return value


def secret_key(name: str, folder: Path) -> str:
    """Read the secret key. If it is unset, use the key stored in `folder`; the first call creates that key."""
    try:
        return text(name) or local_secret_key(folder)
    except (OSError, StartError) as error:
        problem = f"The secret key cannot be kept in the directory {folder}: {error}"
        raise ImproperlyConfigured(f"{problem}. Set VUEMANTICS_VAR to a directory that you can write to.") from None


def _error(name: str, value: str, expected: str, default: str = "") -> ImproperlyConfigured:
    fix = f" Unset it for its default, {default}." if default else ""
    return ImproperlyConfigured(f"{name} must be {expected}, not “{value}”.{fix}")
