"""The search filter `import:`.

The app `batches` knows which pictures an import contained; it registers a function that returns them.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

PicturesOfImports = Callable[[int, str], QuerySet[Any, Any]]
"""Takes an owner's id, and an import's id or part of its name. Returns the ids of the pictures."""

_registered: list[PicturesOfImports] = []


def register_imports(find: PicturesOfImports) -> None:
    """Set the function that finds the pictures of an import. Called once, when the apps are loaded."""
    _registered[:] = [find]


def pictures_of_imports(owner_id: int, name_or_id: str) -> QuerySet[Any, Any]:
    """Return the ids of the pictures in the owner's imports with this id or partial name, including duplicates."""
    [find] = _registered
    return find(owner_id, name_or_id)
