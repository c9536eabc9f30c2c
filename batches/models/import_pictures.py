"""Find an owner's imports and their pictures."""

from typing import Any

from django.db.models import Q, QuerySet

from batches.models.batch import UploadBatch
from batches.models.item import BatchItem
from batches.models.states import BatchKind
from uploads.pagination import parse_id


def imports_of(owner_id: int) -> QuerySet[UploadBatch]:
    """Return the owner's imports, without re-analyses."""
    return UploadBatch.objects.filter(owner_id=owner_id, kind=BatchKind.IMPORT)


def pictures_of_imports(owner_id: int, name_or_id: str) -> QuerySet[Any, Any]:
    """Return the items with pictures of the owner's import with this id or, if there is none, of all with this name.

    Part of a name is enough, in upper or lower case.
    """
    imports = imports_of(owner_id)
    by_id = Q(id=parse_id(name_or_id))
    found = list(imports.filter(by_id).values_list("id", flat=True))
    found = found or list(imports.filter(name__icontains=name_or_id).values_list("id", flat=True))
    return BatchItem.objects.filter(batch_id__in=found, upload__isnull=False)
