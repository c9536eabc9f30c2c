"""Make text safe for the database, fold accents for comparisons, and format numbers for pages."""

import re
import unicodedata

from django.utils.translation import gettext as _

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_MARKS = re.compile("[\u0300-\u036f]")
_PLAIN = dict(zip("ØøŁłĐđĦħŦŧı", "OoLlDdHhTti", strict=True))
_LETTERS = str.maketrans(_PLAIN | {"ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe"})


def storable(text: str) -> str:
    """Replace NULs and lone surrogates in text from files, models or servers, because PostgreSQL rejects them."""
    return "".join(REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)


def fold(text: str) -> str:
    """Remove accents, and replace letters such as “ø” and “ß”, so that “Zürich” and “Zurich” are equal.

    The SQL function uploads_fold() does the same; see the first migration.
    """
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFD", text).translate(_LETTERS)
    return unicodedata.normalize("NFC", _MARKS.sub("", plain))


def percent(value: int) -> str:
    """Format `value` as a percentage in the current language."""
    return _("%(value)s%%") % {"value": value}


def clock(seconds: float) -> str:
    """Format a duration like a video player: 0:07, 12:34 or 1:02:03."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
