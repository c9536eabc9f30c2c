"""Find the address at which `manage.py run` serves the site on this machine."""

from pathlib import Path

from django.conf import settings


def address_file() -> Path:
    """Return the path of the file that contains the address while `run` serves the site."""
    return Path(settings.VAR) / "address"


def served_address() -> str:
    """Return the address at which `run` serves the site, or an empty string if there is none."""
    try:
        return address_file().read_text().strip()
    except FileNotFoundError:
        return ""
