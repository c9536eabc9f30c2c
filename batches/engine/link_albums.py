"""Link albums with the pictures in their folder that were received earlier; see link_sidecars.py.

An album applies to every picture in its folder, and there may be tens of thousands. It is therefore linked page by
page, and only with the pictures that do not have it yet. If a call runs out of time, the next one continues.
"""

import json
import time

from django.db import transaction

from batches.engine.sidecar_entries import CANDIDATES, StoredEntry, link_entries
from batches.models import SidecarEntry
from uploads.database import fetch_row, fetch_rows
from uploads.picture_facts import lock_pictures
from uploads.sidecars.folders import ANY_NAME
from uploads.sidecars.recognise import SidecarKind

PAGE = 200

LOCK_FOLDER = "SELECT pg_advisory_xact_lock(%(folder)s)"
NEAREST_BATCH = f"""
SELECT item.batch_id
{CANDIDATES} AND entry.id = %(id)s
 ORDER BY item.batch_id = sidecar.batch_id DESC, item.batch_id DESC LIMIT 1
"""
# MATERIALIZED keeps the planner from scanning every owner's pictures to find the first PAGE pictures of this folder.
WITHOUT_ALBUM = """
WITH item AS MATERIALIZED (
    SELECT id, upload_id, filename FROM batches_batchitem
     WHERE folder_key = %(folder)s AND batch_id = %(batch)s AND id > %(after)s AND upload_id IS NOT NULL
)
SELECT item.id, upload.id, item.filename
  FROM item JOIN uploads_upload upload ON upload.id = item.upload_id
 WHERE NOT upload.sidecars @> %(album)s::jsonb
 ORDER BY item.id LIMIT %(page)s
"""


def link_albums(item_id: int, end: float) -> None:
    """Link the albums of a sidecar that are not fully linked yet. Safe to repeat.

    Stop at `end`, a time.monotonic() value.
    """
    for album in SidecarEntry.objects.filter(item_id=item_id, is_due=True, name_key=ANY_NAME).order_by("item_id", "id"):
        after: int | None = 0
        while after is not None:
            if time.monotonic() >= end:
                return
            after = _link_page(album, after)


def _link_page(album: SidecarEntry, after: int) -> int | None:
    """Link up to PAGE pictures in one transaction. Return the last item's id, or None if no pictures are left."""
    has_album = json.dumps({SidecarKind.ALBUM: album.values})
    entry = StoredEntry(album.id, SidecarKind.ALBUM, "", json.dumps(album.values), True)
    with transaction.atomic():
        # The transaction that finishes a picture in this folder takes the same lock in shared mode.
        fetch_row(LOCK_FOLDER, {"folder": album.folder_key})
        nearest = fetch_row(NEAREST_BATCH, {"id": album.id})
        found = {"folder": album.folder_key, "batch": nearest and nearest[0], "album": has_album, "after": after}
        rows = fetch_rows(WITHOUT_ALBUM, {**found, "page": PAGE})
        pictures = lock_pictures({upload_id for _item, upload_id, _name in rows})
        for _item, upload_id, filename in rows:
            if picture := pictures.pop(upload_id, None):
                link_entries(picture, [entry], filename)
        if len(rows) == PAGE:
            return int(rows[-1][0])
        SidecarEntry.objects.filter(id=album.id).update(is_due=False)
        return None
