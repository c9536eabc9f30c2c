"""Address of the site that `manage.py run` serves from this machine."""

from pathlib import Path

from django.conf import settings


def address_file() -> Path:
    """Where `run` writes its address while it serves."""
    return Path(settings.VAR) / "address"


def served_address() -> str:
    """The address that a run on this machine serves, or an empty text."""
    try:
        return address_file().read_text().strip()
    except FileNotFoundError:
        return ""
