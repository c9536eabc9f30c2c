"""Values read from files made safe to store: finite_float numbers, and text that PostgreSQL and JSON accept."""

import math
import unicodedata
from typing import SupportsFloat, TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

TEXT_LIMIT = 200


def clean_text(value: object, limit: int = TEXT_LIMIT) -> str:
    """Return `value` (str or bytes) as one line of at most `limit` characters, "" for anything else.

    NUL, other control characters and lone surrogates are dropped: PostgreSQL refuses the first and the last.
    """
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return ""
    text = _mend_encoding(value).encode("utf-8", "ignore").decode("utf-8")
    kept = "".join(" " if char.isspace() else char for char in text if char.isspace() or _is_printed(char))
    return " ".join(kept.split())[:limit].rstrip()


def finite_float(value: object) -> float | None:
    """Return `value` as a float, or None when it is no number, infinite, or a fraction over zero."""
    if not isinstance(value, SupportsFloat) or isinstance(value, str):
        return None
    try:
        number = float(value)
    except (ArithmeticError, ValueError, TypeError):
        return None
    return number if math.isfinite(number) else None


def _is_printed(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs", "Co", "Cn"}


def _mend_encoding(text: str) -> str:
    # EXIF calls its text ASCII, cameras and phones write UTF-8, and readers take it for Latin-1.
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
