"""List, save and delete an owner's saved searches."""

from django.db.models import QuerySet

from uploads.models import SavedSearch
from uploads.search.language import MAX_LENGTH, parse_query

MAX_SAVED = 100


def saved_searches(owner_id: int) -> QuerySet[SavedSearch]:
    """Return the owner's saved searches in alphabetical order."""
    return SavedSearch.objects.filter(owner_id=owner_id).order_by("query")


def save_search(owner_id: int, text: str, *, exact: bool) -> bool:
    """Save a query and whether to search for exactly its words; a query is saved only once.

    Return False if it is empty or too long, or if MAX_SAVED others exist. Raises QueryError.
    """
    query = str(parse_query(text))
    if not query or len(query) > MAX_LENGTH:
        return False
    if saved_searches(owner_id).exclude(query=query).count() >= MAX_SAVED:
        return False
    SavedSearch.objects.update_or_create(owner_id=owner_id, query=query, defaults={"exact": exact})
    return True


def forget_search(owner_id: int, text: str) -> bool:
    """Delete a saved search. Return False if it does not exist."""
    deleted, _by_model = saved_searches(owner_id).filter(query=text).delete()
    return deleted > 0
