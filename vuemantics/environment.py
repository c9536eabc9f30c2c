"""Readers of the environment: a value that cannot be meant stops the start with one line that says how to mend it.

All of them treat an empty variable as one that is not set, and raise ImproperlyConfigured with the variable's name, the
value found and the mend. Needs no settings: `settings.py` is made of these.
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

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def flag(name: str) -> bool:
    """Read a yes-or-no variable; unset means no."""
    text = _text(name, "0").lower()
    if text not in YES | NO:
        raise _refusal(name, text, "1 or 0")
    return text in YES


def language(name: str, default: str, known: Sequence[str]) -> str:
    """Read the code of one of the languages that are known here."""
    text = _text(name, default).lower()
    if text not in known:
        raise _refusal(name, text, f"one of {', '.join(known)}", default)
    return text


def number(name: str, default: float, *, least: float, most: float = math.inf) -> float:
    """Read a finite number from `least` to `most`, both possible."""
    text = _text(name, str(default))
    bounds = f"at least {least:g}" + ("" if math.isinf(most) else f" and at most {most:g}")
    try:
        value = float(text)
    except ValueError:
        raise _refusal(name, text, f"a number, {bounds}", str(default)) from None
    if not (math.isfinite(value) and least <= value <= most):
        raise _refusal(name, text, f"a number, {bounds}", str(default))
    return value


def whole(name: str, default: int, *, least: int) -> int:
    """Read a whole number, at least `least`."""
    text = _text(name, str(default))
    if not re.fullmatch(r"[+-]?\d{1,15}", text) or int(text) < least:
        raise _refusal(name, text, f"a whole number, at least {least}", str(default))
    return int(text)


def numbers(name: str) -> dict[str, float]:
    """Read finite numbers above 0 by name, as in `describing=1800,checking=60`; unset means none."""
    found = {}
    for pair in filter(None, map(str.strip, _text(name, "").split(","))):
        key, _equals, value = pair.partition("=")
        try:
            found[key.strip()] = float(value)
        except ValueError:
            raise _refusal(name, pair, "numbers by name, such as describing=1800,checking=60") from None
        if not 0 < found[key.strip()] < math.inf:
            raise _refusal(name, pair, "numbers above 0")
    return found


def url(name: str, default: str, schemes: Sequence[str], example: str) -> str:
    """Read the address of a server that begins with one of `schemes`; passwords are not repeated in the refusal."""
    text = _text(name, default)
    try:
        parts = urlsplit(text)
        known = parts.scheme in schemes and bool(parts.netloc or parts.path) and parts.port != 0
    except ValueError:
        known = False
    if not known or "://" not in text:
        raise _refusal(name, re.sub(r"(://|^).*@", r"\1…@", text), f"an address such as {example}")
    return text


def origin(name: str) -> str:
    """Read scheme, host and port of a web server, without a slash at the end; unset means nothing."""
    text = _text(name, "").rstrip("/")
    if not re.fullmatch(r"(?:https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)?", text):
        raise _refusal(name, re.sub(r"//.*@", "//…@", text), "scheme, host and port, such as https://files.local:9000")
    return text


def log_level(name: str, default: str) -> str:
    """Read the name of a level of `logging`, in any case."""
    text = _text(name, default).upper()
    if text not in LEVELS:
        raise _refusal(name, text, f"one of {', '.join(LEVELS)}", default)
    return text


def time_zone(name: str, default: str) -> str:
    """Read the name of a time zone that this machine knows."""
    text = _text(name, default)
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wanted = "a name such as Europe/Berlin; if it is one, install your system's tzdata"
        raise _refusal(name, text, wanted, default) from None
    return text


def secret_key(name: str, folder: Path) -> str:
    """Read the key, or take the one kept in `folder`, which is made with its key where there is none."""
    try:
        return _text(name, "") or local_secret_key(folder)
    except (OSError, StartError) as error:
        words = f"No key can be kept in the folder {folder}: {error}"
        raise ImproperlyConfigured(f"{words}. Set VUEMANTICS_VAR to a folder that you can write to.") from None


def _text(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def _refusal(name: str, text: str, wanted: str, default: str = "") -> ImproperlyConfigured:
    mend = f" Unset it for its default, {default}." if default else ""
    return ImproperlyConfigured(f"{name} must be {wanted}, not “{text}”.{mend}")
