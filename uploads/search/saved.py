"""List, save and delete an owner's saved searches."""

from django.db.models import QuerySet

from uploads.models import SavedSearch
from uploads.search.language import MAX_LENGTH, parse_query

MAX_SAVED = 100


def saved_searches(owner_id: int) -> QuerySet[SavedSearch]:
    """Return the owner's saved searches in alphabetical order."""
    return SavedSearch.objects.filter(owner_id=owner_id).order_by("query")


def save_search(owner_id: int, text: str) -> bool:
    """Save a query. Return False if it is empty or too long, or if MAX_SAVED others exist. Raises QueryError."""
    query = str(parse_query(text))
    if not query or len(query) > MAX_LENGTH:
        return False
    if saved_searches(owner_id).exclude(query=query).count() >= MAX_SAVED:
        return False
    SavedSearch.objects.get_or_create(owner_id=owner_id, query=query)
    return True


def forget_search(owner_id: int, text: str) -> None:
    """Delete a saved search if it exists."""
    saved_searches(owner_id).filter(query=text).delete()
