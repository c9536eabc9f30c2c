"""Complete sidecars and link them to pictures received earlier; link_picture.py handles those received later.

An entry (one set of values in a sidecar) is due until it has been linked. It is committed first and linked in a second
transaction. If a single transaction did both, the entry and a picture that finishes at the same time could not see each
other and would never be linked. After a crash between the two transactions, the reconciler links the entry.
"""

import time
from collections.abc import Sequence
from itertools import groupby

from django.db import transaction

from batches.engine.complete_batch import complete_batches
from batches.engine.finish_sql import finish_statement
from batches.engine.incoming_sql import receiving_states
from batches.engine.link_albums import link_albums
from batches.engine.sidecar_entries import CANDIDATES, find_entries, link_entries
from batches.messaging import live_events
from batches.models import BatchItem, SidecarEntry, SidecarFile
from batches.models.states import ItemResult, ItemStatus
from uploads.database import fetch_row, fetch_rows
from uploads.picture_facts import lock_pictures
from uploads.sidecars.folders import ANY_NAME, match_keys
from uploads.sidecars.recognise import SidecarKind
from uploads.sidecars.values import Entry

PAGE = 200
INSERT_PAGE = 1_000
LINK_SECONDS = 1.0
"""Time limit for linking the entries of one sidecar. The reconciler continues where a call stopped."""

RECEIVING = receiving_states(ItemStatus.COMPLETED)
COMPLETE = finish_statement(ItemStatus.COMPLETED, RECEIVING, "upload_id = NULL", "sha256 = %(sha256)s")
LOCK_RECEIVING = f"SELECT id FROM batches_batchitem WHERE id = %(item)s AND {RECEIVING} FOR NO KEY UPDATE"
DUE = f"""
SELECT id, folder_key # name_key FROM batches_sidecarentry
 WHERE is_due AND item_id = %(item)s AND name_key <> {ANY_NAME} ORDER BY item_id, id LIMIT %(page)s
"""
LOCK_NAMES = "SELECT pg_advisory_xact_lock(key) FROM unnest(%(keys)s::bigint[]) AS key"
FIND_PICTURES = f"""
SELECT entry.id, item.id, item.batch_id, item.upload_id, item.filename
{CANDIDATES} AND entry.id = ANY(%(ids)s) AND item.name_key = entry.name_key
 ORDER BY entry.id, item.batch_id = sidecar.batch_id DESC, item.batch_id DESC, item.id
"""


def complete_sidecar(
    item: BatchItem, owner_id: int, kind: SidecarKind, content: bytes, entries: Sequence[Entry], sha256: str
) -> bool:
    """Complete a receiving item as a sidecar and store its values. Return False if it is no longer receiving.

    Pictures that were received earlier get the values now; later ones get them when they finish.
    """
    with transaction.atomic():
        if fetch_row(LOCK_RECEIVING, {"item": item.id, "claim": item.claim}) is None:
            return False
        SidecarFile.objects.create(item=item, content=content)
        rows = [_entry_row(item, owner_id, kind, entry) for entry in entries]
        SidecarEntry.objects.bulk_create(rows, batch_size=INSERT_PAGE)
        values = {"item": item.id, "claim": item.claim, "sha256": sha256, "code": "", "message": ""}
        batch_id, is_last = fetch_row(COMPLETE, {**values, "result": ItemResult.SIDECAR}) or (item.batch_id, False)
    if is_last:
        complete_batches(batch_id)
    live_events.notify_batch_changed(batch_id)
    link_entries_of(item.id)
    return True


def link_due_entries() -> None:
    """Link the due entries of a few sidecars, for up to LINK_SECONDS each."""
    due = SidecarEntry.objects.filter(is_due=True).order_by("item_id").values_list("item_id", flat=True)
    for item_id in due.distinct()[:5]:
        link_entries_of(item_id)


def link_entries_of(item_id: int) -> None:
    """Link the due entries of a sidecar with the matching pictures, for up to LINK_SECONDS. Safe to repeat."""
    end = time.monotonic() + LINK_SECONDS
    while _link_page(item_id):
        if time.monotonic() >= end:
            return
    link_albums(item_id, end)


def _entry_row(item: BatchItem, owner_id: int, kind: SidecarKind, entry: Entry) -> SidecarEntry:
    folder_key, name_key = match_keys(owner_id, item.relative_path or item.filename, entry.name, entry.folder)
    return SidecarEntry(
        item=item,
        kind=SidecarKind.ALBUM if entry.values.albums else kind,
        name=entry.name[:255],
        folder_key=folder_key,
        name_key=name_key,
        values=entry.values.as_json(),
    )


def _link_page(item_id: int) -> bool:
    """Link up to PAGE due entries of a sidecar in one transaction. Return whether there may be more."""
    with transaction.atomic():
        due = fetch_rows(DUE, {"item": item_id, "page": PAGE})
        if not due:
            return False
        fetch_rows(LOCK_NAMES, {"keys": sorted({key for _id, key in due})})
        ids = [id for id, _key in due]
        targets = _targets(fetch_rows(FIND_PICTURES, {"ids": ids}))
        lock_pictures({upload_id for _item, upload_id, _name in targets})
        for target_id, upload_id, filename in targets:
            if picture := lock_pictures({upload_id}).get(upload_id):
                link_entries(picture, find_entries(target_id, upload_id), filename)
        SidecarEntry.objects.filter(id__in=ids).update(is_due=False)
    return len(due) == PAGE


def _targets(rows: list[tuple[int, int, int, int | None, str]]) -> list[tuple[int, int, str]]:
    """Return (item id, picture id, filename) for each picture to link. `rows` are the rows of FIND_PICTURES."""
    targets: dict[tuple[int, int, str], None] = {}
    for _entry, found in groupby(rows, key=lambda row: row[0]):
        candidates = list(found)
        nearest = [row for row in candidates if row[2] == candidates[0][2]]
        targets |= {(item, upload, name): None for _, item, _, upload, name in nearest if upload is not None}
    return list(targets)
