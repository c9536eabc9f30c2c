"""Find an owner's imports and their pictures."""

from typing import Any

from django.db.models import QuerySet

from batches.models.batch import UploadBatch
from batches.models.item import BatchItem
from batches.models.states import BatchKind
from uploads.pagination import parse_ids


def imports_of(owner_id: int) -> QuerySet[UploadBatch]:
    """Return the owner's imports, without re-analyses."""
    return UploadBatch.objects.filter(owner_id=owner_id, kind=BatchKind.IMPORT)


def pictures_of_imports(owner_id: int, wanted: str) -> QuerySet[Any, Any]:
    """Return the items that have a picture and belong to the owner's imports named `wanted`, ignoring case.

    If no import has that name, `#12` means the import with that number, and any other text matches part of a name.
    """
    imports = imports_of(owner_id)
    named = dict(imports.filter(name__icontains=wanted).values_list("id", "name"))
    found = [id for id, name in named.items() if name.casefold() == wanted.casefold()]
    if not found and wanted.startswith("#"):
        found = list(imports.filter(id__in=parse_ids([wanted[1:]])).values_list("id", flat=True))
    return BatchItem.objects.filter(batch_id__in=found or named.keys(), upload__isnull=False)
