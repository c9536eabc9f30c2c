"""Make text safe for the database, and format it for pages."""

from django.utils.translation import gettext as _

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """Replace NULs and lone surrogates in text from files, models or servers, because PostgreSQL rejects them."""
    return "".join(REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)


def percent(value: int) -> str:
    """Format `value` as a percentage in the current language."""
    return _("%(value)s%%") % {"value": value}
