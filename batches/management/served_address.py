"""Find the local address at which `manage.py run` serves the site."""

from pathlib import Path

from django.conf import settings


def address_file() -> Path:
    """Return the path of the file that contains the address while `run` is serving the site."""
    return Path(settings.VAR) / "address"


def served_address() -> str:
    """Return the address at which `run` serves the site, or an empty string if `run` is not serving it."""
    try:
        return address_file().read_text().strip()
    except FileNotFoundError:
        return ""
