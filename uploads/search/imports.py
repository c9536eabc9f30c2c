"""The search filter `import:`, and the names of imports for suggestions.

The app `batches` stores the imports and which pictures they contained. It registers functions that look them up.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

PicturesOfImports = Callable[[int, str], QuerySet[Any, Any]]
"""Takes an owner's id, and the name or number of imports. Returns rows with the pictures' `upload_id`."""

ImportsOfOwner = Callable[[int], QuerySet[Any, Any]]
"""Takes an owner's id. Returns the owner's imports, which have a `name`."""

_registered: list[tuple[PicturesOfImports, ImportsOfOwner]] = []


def register_imports(find_pictures: PicturesOfImports, find_imports: ImportsOfOwner) -> None:
    """Set the functions that find imports and their pictures. Called once, when the apps are loaded."""
    _registered[:] = [(find_pictures, find_imports)]


def pictures_of_imports(owner_id: int, wanted: str) -> QuerySet[Any, Any]:
    """Return rows with the `upload_id` of the pictures in the owner's imports that have this name or number."""
    [(find_pictures, _find_imports)] = _registered
    return find_pictures(owner_id, wanted)


def imports_of(owner_id: int) -> QuerySet[Any, Any]:
    """Return the owner's imports, which have a `name`."""
    [(_find_pictures, find_imports)] = _registered
    return find_imports(owner_id)
