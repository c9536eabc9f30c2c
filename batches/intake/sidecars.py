"""Finalize a received sidecar: parse it, then complete or ignore its item."""

from batches.engine.link_sidecars import complete_sidecar
from batches.intake.outcome import IntakeOutcome, ignore_received, not_receiving, reject_received
from batches.intake.partial_file import PartialFile
from batches.models import BatchItem
from batches.models.error_codes import default_message
from uploads.sidecars.recognise import MAX_SIDECAR_BYTES, SidecarKind, parse_sidecar
from uploads.sidecars.values import ExportData, InvalidSidecar

UNREADABLE, EXPORT = "sidecar.unreadable", "ignored.export"


def finalize_sidecar(item: BatchItem, owner_id: int, partial: PartialFile, kind: SidecarKind) -> IntakeOutcome:
    """Parse the item's locked partial file and complete the item as a sidecar.

    If parsing fails, reject the item. If the file belongs to an export but describes neither a picture nor an album,
    ignore the item. The file fits in memory, because `sidecar_kind` recognises only small files. Raises NotReceiving,
    BatchClosed.
    """
    content, sha256 = partial.head(MAX_SIDECAR_BYTES), partial.sha256()
    try:
        entries = parse_sidecar(kind, content, item.relative_path or item.filename)
    except ExportData:
        return ignore_received(item, sha256, EXPORT)
    except InvalidSidecar:
        return reject_received(item, sha256, UNREADABLE, default_message(UNREADABLE))
    if not complete_sidecar(item, owner_id, kind, content, entries, sha256):
        raise not_receiving(item)
    return IntakeOutcome("sidecar")
