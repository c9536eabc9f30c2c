"""Make values read from files safe to store: finite numbers, and text that PostgreSQL and JSON accept."""

import math
import unicodedata
from typing import SupportsFloat, TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

MAX_TEXT = 200


def clean_text(value: object, limit: int = MAX_TEXT) -> str:
    """Return `value` (str or bytes) as one line of at most `limit` characters; return "" for any other type.

    Control characters, lone surrogates, and private and unassigned characters are removed. PostgreSQL rejects NUL and
    surrogates.
    """
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return ""
    text = _fix_encoding(value).encode("utf-8", "ignore").decode("utf-8")
    cleaned = "".join(" " if char.isspace() else char for char in text if char.isspace() or _is_printable(char))
    return " ".join(cleaned.split())[:limit].rstrip()


def finite_float(value: object) -> float | None:
    """Return `value` as a float, or None if it is not a finite number, such as a fraction with denominator zero."""
    if not isinstance(value, SupportsFloat) or isinstance(value, str):
        return None
    try:
        number = float(value)
    except (ArithmeticError, ValueError, TypeError):
        return None
    return number if math.isfinite(number) else None


def valid_position(latitude: float | None, longitude: float | None) -> tuple[float | None, float | None]:
    """Return a position in degrees, rounded to seven decimals; (None, None) if it is incomplete, impossible or 0, 0.

    Cameras and services that do not know the position write 0, 0, which is in the Atlantic.
    """
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None, None
    return round(latitude, 7), round(longitude, 7)


def _is_printable(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs", "Co", "Cn"}


def _fix_encoding(text: str) -> str:
    # EXIF text should be ASCII, but cameras and phones write UTF-8. If it was decoded as Latin-1, decode it again.
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
