"""Going through the files of one batch in chunks."""

from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

from batches.models import BatchItem


def items_after(files: QuerySet[BatchItem], batch_id: int, item_id: int) -> QuerySet[BatchItem]:
    """Narrow a choice of files to those of one batch after this one, in the order of their ids.

    The comparison of rows is where an index over batch and id goes on, and only such an index has this order: a walk of
    the primary key would pass the files of all later batches.
    """
    further = files.filter(TupleGreaterThan(Tuple("batch_id", "id"), (batch_id, item_id)), batch_id__lte=batch_id)
    return further.order_by("batch_id", "id")
