"""Read the items of one batch in chunks."""

from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

from batches.models import BatchItem


def items_after(items: QuerySet[BatchItem], batch_id: int, item_id: int) -> QuerySet[BatchItem]:
    """Narrow a queryset to the batch's items whose id is greater than `item_id`, ordered by id.

    The row comparison lets PostgreSQL scan an index on (batch, id) from where the last chunk ended. With ORDER BY id
    alone, it would scan the primary key and read the rows of all later batches.
    """
    following = items.filter(TupleGreaterThan(Tuple("batch_id", "id"), (batch_id, item_id)), batch_id__lte=batch_id)
    return following.order_by("batch_id", "id")
