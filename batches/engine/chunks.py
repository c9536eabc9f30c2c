"""Read the items of one batch in chunks."""

from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

from batches.models import BatchItem


def items_after(items: QuerySet[BatchItem], batch_id: int, item_id: int) -> QuerySet[BatchItem]:
    """Narrow a queryset to the items of one batch with a larger id, ordered by id.

    The row comparison lets an index on (batch, id) continue where the last chunk ended. Ordering by id alone would walk
    the primary key, past the rows of all later batches.
    """
    following = items.filter(TupleGreaterThan(Tuple("batch_id", "id"), (batch_id, item_id)), batch_id__lte=batch_id)
    return following.order_by("batch_id", "id")
