"""Find an owner's imports and their pictures."""

from typing import Any

from django.db.models import QuerySet

from batches.models.batch import UploadBatch
from batches.models.item import BatchItem
from batches.models.states import BatchKind
from uploads.models import Folded
from uploads.pagination import parse_ids
from uploads.text import fold


def imports_of(owner_id: int) -> QuerySet[UploadBatch]:
    """Return the owner's imports, without re-analyses."""
    return UploadBatch.objects.filter(owner_id=owner_id, kind=BatchKind.IMPORT)


def pictures_of_imports(owner_id: int, wanted: str) -> QuerySet[Any, Any]:
    """Return the items that have a picture and belong to the owner's imports named `wanted`, ignoring case and accents.

    If no import has that name, `#12` means the import with that number, and any other text matches part of a name.
    """
    imports = imports_of(owner_id)
    folded = imports.alias(folded=Folded("name")).filter(folded__icontains=fold(wanted))
    named = dict(folded.values_list("id", "name"))
    found = [id for id, name in named.items() if fold(name).casefold() == fold(wanted).casefold()]
    if not found and wanted.startswith("#"):
        found = list(imports.filter(id__in=parse_ids([wanted[1:]])).values_list("id", flat=True))
    return BatchItem.objects.filter(batch_id__in=found or named.keys(), upload__isnull=False)
