"""Text for the database and for pages."""

from django.utils.translation import gettext as _

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """Replace NULs and lone surrogates in text from files, models or servers, because PostgreSQL rejects them."""
    return "".join(REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)


def percent(value: int) -> str:
    """Return `value` with a percent sign as the current language writes it."""
    return _("%(value)s%%") % {"value": value}
