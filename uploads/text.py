"""Make text safe for the database, and format numbers for pages."""

from django.utils.translation import gettext as _

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """Replace NULs and lone surrogates in text from files, models or servers, because PostgreSQL rejects them."""
    return "".join(REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)


def percent(value: int) -> str:
    """Format `value` as a percentage in the current language."""
    return _("%(value)s%%") % {"value": value}


def clock(seconds: float) -> str:
    """Format a duration like a video player: 0:07, 12:34 or 1:02:03."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
