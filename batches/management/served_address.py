"""The address of the site that `manage.py run` serves on this machine."""

from pathlib import Path

from django.conf import settings


def address_file() -> Path:
    """Return the file to which `run` writes its address while it serves."""
    return Path(settings.VAR) / "address"


def served_address() -> str:
    """Return the address that `run` serves on this machine, or an empty string."""
    try:
        return address_file().read_text().strip()
    except FileNotFoundError:
        return ""
