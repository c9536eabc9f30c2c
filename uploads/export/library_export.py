"""Copy an owner's originals into folders by year and month, with sidecars, and verify each original during copying."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path

from django.db.models import DateTimeField, QuerySet
from django.db.models.functions import Coalesce, TruncMonth

from uploads.errors import PermanentError
from uploads.export.file_names import FolderNames
from uploads.export.manifest import Manifest
from uploads.export.sidecar_data import as_json, as_xmp
from uploads.models import MediaKind, Upload
from uploads.storage import read_original

CHUNK = 200
SIDECAR_BYTES = 8 * 2**10
"""Estimated disk space for the two sidecars of a file. Few need more."""
UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of the library. `copied` is false if an earlier run copied it, or if there was a `problem`."""

    upload: Upload
    path: str
    copied: bool = True
    problem: str = ""


def exported_uploads(owner_id: int) -> QuerySet[Upload]:
    """Return the uploads to export: all except archives and those in the trash. Unprocessable files are included."""
    return Upload.objects.filter(owner_id=owner_id, trashed_at=None).exclude(kind=MediaKind.ARCHIVE)


def bytes_needed(owner_id: int, manifest: Manifest) -> int:
    """Return the approximate number of bytes needed for the files that the manifest does not list yet."""
    rows = exported_uploads(owner_id).values_list("sha256", "size")
    return sum(size + SIDECAR_BYTES for sha256, size in rows.iterator() if manifest.path(sha256) is None)


def export_library(owner_id: int, folder: Path, manifest: Manifest) -> Iterator[ExportedFile]:
    """Copy the files that are not yet in `folder`, and write or update sidecars. Yield every file of the library.

    A part goes into the same folder as the picture that it belongs to. Raises EnvironmentalError if the storage is
    unavailable, and OSError if `folder` cannot be written.
    """
    listed = manifest.paths_by_folder()
    for month, ids in groupby(_months_and_ids(owner_id), key=lambda row: row[0]):
        subfolder = f"{month:%Y/%m}" if month else UNDATED
        (folder / subfolder).mkdir(parents=True, exist_ok=True)
        # A listed file that is missing from the folder keeps its name, because it is copied again.
        known = (path.removeprefix(f"{subfolder}/") for path in listed.get(subfolder, ()))
        names = FolderNames([*os.listdir(folder / subfolder), *known])  # noqa: PTH208 (no Path for each)
        while chunk := [upload_id for _month, upload_id in islice(ids, CHUNK)]:
            uploads = exported_uploads(owner_id).filter(id__in=chunk).select_related("part_of").order_by("id")
            for upload in uploads.defer("words"):
                yield _export(upload, folder, subfolder, names, manifest)


def _months_and_ids(owner_id: int) -> Iterator[tuple[datetime | None, int]]:
    clock = Coalesce("part_of__camera_clock", "camera_clock", output_field=DateTimeField())
    rows = exported_uploads(owner_id).annotate(month=TruncMonth(clock, tzinfo=UTC))
    return rows.order_by("month", "id").values_list("month", "id").iterator(chunk_size=10_000)


def _export(upload: Upload, folder: Path, subfolder: str, names: FolderNames, manifest: Manifest) -> ExportedFile:
    path = manifest.path(upload.sha256)
    copied = path is None or not _is_complete(folder / path, upload.size)
    path = path or f"{subfolder}/{names.claim(upload.filename)}"
    if copied:
        draft = (folder / path).with_name(f".{upload.key.hex}.partial")
        try:
            problem = _copy(upload, draft)
            if problem:
                return ExportedFile(upload, path, copied=False, problem=problem)
            if manifest.path(upload.sha256) is None:
                manifest.add(upload.sha256, path)
            draft.replace(folder / path)
        finally:
            draft.unlink(missing_ok=True)
    _write_if_changed(folder / f"{path}.json", as_json(upload))
    _write_if_changed(folder / f"{path}.xmp", as_xmp(upload))
    return ExportedFile(upload, path, copied=copied)


def _is_complete(target: Path, size: int) -> bool:
    try:
        return target.stat().st_size == size
    except FileNotFoundError:
        return False


def _copy(upload: Upload, draft: Path) -> str:
    """Copy and verify the original. Return "", or a message if the stored file is missing or damaged.

    Raises EnvironmentalError, and OSError if `draft` cannot be written.
    """
    digest = hashlib.sha256()
    try:
        with draft.open("wb") as target:
            for piece in read_original(upload.key):
                digest.update(piece)
                target.write(piece)
    except PermanentError as error:
        return error.message
    if digest.hexdigest() != upload.sha256:
        return "The stored file is damaged: its content has changed."
    time = (upload.taken_at or upload.created_at).timestamp()
    os.utime(draft, (time, time))
    return ""


def _write_if_changed(file: Path, content: bytes) -> None:
    try:
        if file.read_bytes() == content:
            return
    except FileNotFoundError:
        pass
    draft = file.with_name(f".{file.name}.partial")
    draft.write_bytes(content)
    draft.replace(file)
