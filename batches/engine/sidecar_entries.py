"""Choose the sidecar entries that apply to a picture, and add their values to it."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from batches.models import SidecarEntry, SidecarFile
from batches.models.states import ItemResult, ItemStatus
from uploads.database import fetch_rows
from uploads.picture_facts import PictureRow, save_sidecars
from uploads.sidecars.recognise import RANKS, SidecarKind
from uploads.sidecars.values import MAX_LIST

MAX_ENTRIES = 500


def _expects_picture(item: str) -> str:
    """Return the SQL condition that the item with the table alias `item` has a picture or may still get one."""
    return (
        f"{item}.result NOT IN ('{ItemResult.SIDECAR.value}', '{ItemResult.ARCHIVE.value}') AND {item}.status NOT IN"
        f" ('{ItemStatus.FAILED.value}', '{ItemStatus.CANCELLED.value}', '{ItemStatus.IGNORED.value}')"
    )


# Selects entries of the same import and entries already linked with the picture. Also selects an entry of another
# import if it is still waiting for a picture and will not get one from its own import. The keys already depend on the
# owner, but they are hashes and may collide, so the owner is compared too.
FIND_ENTRIES = f"""
SELECT entry.id, entry.kind, entry.name, entry.values::text, entry.upload_id IS NULL
  FROM batches_batchitem mine
  JOIN batches_uploadbatch batch ON batch.id = mine.batch_id
  JOIN batches_sidecarentry entry ON entry.folder_key = mine.folder_key AND entry.name_key IN (mine.name_key, 0)
  JOIN batches_batchitem sidecar ON sidecar.id = entry.item_id
  JOIN batches_uploadbatch source ON source.id = sidecar.batch_id AND source.owner_id = batch.owner_id
 WHERE mine.id = %(item)s AND source.deleting_since IS NULL
   AND (sidecar.batch_id = mine.batch_id OR entry.upload_id = %(upload)s
        OR entry.upload_id IS NULL AND NOT EXISTS (
           SELECT FROM batches_batchitem own
            WHERE own.folder_key = entry.folder_key AND (own.name_key = entry.name_key OR entry.name_key = 0)
              AND own.batch_id = sidecar.batch_id AND own.id <> sidecar.id
              AND {_expects_picture("own")}))
 ORDER BY entry.id LIMIT {MAX_ENTRIES}
"""
# An entry applies to the matching files of its own import or, if that import has none, to those of the newest other
# import that has matching files. If a matching file of its own import has not arrived yet, the entry waits for it.
CANDIDATES = f"""
  FROM batches_sidecarentry entry
  JOIN batches_batchitem sidecar ON sidecar.id = entry.item_id
  JOIN batches_uploadbatch source ON source.id = sidecar.batch_id
  JOIN batches_batchitem item ON item.folder_key = entry.folder_key AND item.id <> sidecar.id
  JOIN batches_uploadbatch batch ON batch.id = item.batch_id
       AND batch.owner_id = source.owner_id AND batch.deleting_since IS NULL
 WHERE {_expects_picture("item")}
"""
MARK_LINKED = """
UPDATE batches_sidecarentry SET upload_id = %(upload)s WHERE id = ANY(%(ids)s) AND upload_id IS NULL RETURNING id
"""


class StoredEntry(NamedTuple):
    """A sidecar's values for one or more pictures, as FIND_ENTRIES returns them."""

    id: int
    kind: str
    name: str
    values: str
    is_waiting: bool


def link_entries(picture: PictureRow, entries: Sequence[StoredEntry], filename: str) -> None:
    """Add the values of the entries that match `filename`, the picture's name in their folder, to a locked picture."""
    chosen = choose_entries(entries, filename)
    sidecars = with_entries(picture.sidecars, chosen)
    if sidecars != picture.sidecars:
        save_sidecars(picture, sidecars)
    mark_linked(picture.id, chosen)


def find_entries(item_id: int, upload_id: int) -> list[StoredEntry]:
    """Return the entries that may match an item's picture."""
    return [StoredEntry(*row) for row in fetch_rows(FIND_ENTRIES, {"item": item_id, "upload": upload_id})]


def choose_entries(entries: Sequence[StoredEntry], filename: str) -> list[StoredEntry]:
    """Return the best match of each kind (the newest, if several match equally well), and all matching albums."""
    best: dict[str, tuple[tuple[int, int], StoredEntry]] = {}
    for entry in entries:
        rank = RANKS[SidecarKind(entry.kind)](entry.name, filename)
        if rank is None:
            continue
        order = (rank, -entry.id)
        key = f"{entry.kind} {entry.id}" if entry.kind == SidecarKind.ALBUM else entry.kind
        if key not in best or order < best[key][0]:
            best[key] = (order, entry)
    return [entry for _order, entry in best.values()]


def with_entries(sidecars: Mapping[str, Any], chosen: Collection[StoredEntry]) -> dict[str, Any]:
    """Return a picture's sidecar values with the chosen entries merged in.

    An entry replaces earlier values of the same kind, but albums are added to the existing ones.
    """
    found = dict(sidecars)
    for entry in sorted(chosen, key=lambda entry: entry.id):
        values = json.loads(entry.values)
        if entry.kind == SidecarKind.ALBUM:
            known = found.get(entry.kind, {}).get("albums", [])
            values = {"albums": list(dict.fromkeys([*known, *values["albums"]]))[:MAX_LIST]}
        found[entry.kind] = values
    return found


def mark_linked(upload_id: int, chosen: Collection[StoredEntry]) -> None:
    """Record `upload_id` as the first picture linked with each chosen entry that was still waiting for a picture."""
    if waiting := [entry.id for entry in chosen if entry.is_waiting]:
        fetch_rows(MARK_LINKED, {"ids": waiting, "upload": upload_id})


def delete_sidecars(items: Collection[int]) -> None:
    """Delete the files and entries of the sidecars `items`; the caller deletes the items in the same transaction.

    The pictures keep the values from the sidecars.
    """
    if items:
        SidecarEntry.objects.filter(item_id__in=items).delete()
        SidecarFile.objects.filter(item_id__in=items).delete()


def forget_pictures(uploads: Collection[int]) -> None:
    """Make the entries that were linked with the pictures `uploads` wait for a picture again.

    The caller has locked the pictures and deletes them in the same transaction.
    """
    if uploads:
        SidecarEntry.objects.filter(upload_id__in=uploads).update(upload=None)
