"""When a picture's item finishes, link the picture with its sidecars and with the other parts of the same photo.

A picture and its sidecar may arrive in any order or at the same time, in one import or in two. A picture is matched
with sidecars in the transaction that finishes its item; a sidecar is matched with pictures after it has been committed
(link_sidecars.py). Both transactions first take the same advisory lock, derived from the folder and the name, so the
later one always sees the rows of the earlier one. Locks are taken in this order: items, names, uploads, batches.
"""

from typing import TYPE_CHECKING, NamedTuple

from batches.engine.sidecar_entries import (
    StoredEntry,
    choose_entries,
    find_entries,
    link_entries,
    mark_linked,
    with_entries,
)
from uploads.database import fetch_row, fetch_rows
from uploads.pairs import find_parts
from uploads.picture_facts import PictureRow, find_group, group_id_of, lock_pictures, save_part
from uploads.sidecars.folders import hash_key
from uploads.upload_sql import save_result

if TYPE_CHECKING:  # the pipeline loads the image libraries, which web servers do not need
    from uploads.pipeline import Result

MAX_SIBLINGS = 500

# Albums apply to a whole folder and are linked under an exclusive lock on the folder; see link_albums.py.
LOCK_NAME = """
SELECT pg_advisory_xact_lock_shared(folder_key), pg_advisory_xact_lock(folder_key # name_key),
       batch_id, filename, (SELECT owner_id FROM batches_uploadbatch WHERE id = batch_id)
  FROM batches_batchitem WHERE id = %(item)s AND folder_key IS NOT NULL
"""
LOCK_GROUP = "SELECT pg_advisory_xact_lock(%(key)s)"
# The keys already depend on the owner, but they are hashes and may collide, so the owner is compared too. For each
# picture, an item of the same import is preferred.
FIND_SIBLINGS = f"""
SELECT DISTINCT ON (sibling.upload_id) sibling.upload_id, sibling.filename, sibling.batch_id
  FROM batches_batchitem mine
  JOIN batches_uploadbatch batch ON batch.id = mine.batch_id
  JOIN batches_batchitem sibling ON sibling.folder_key = mine.folder_key AND sibling.name_key = mine.name_key
  JOIN batches_uploadbatch source ON source.id = sibling.batch_id AND source.owner_id = batch.owner_id
 WHERE mine.id = %(item)s AND sibling.upload_id <> %(upload)s AND source.deleting_since IS NULL
 ORDER BY sibling.upload_id, sibling.batch_id = mine.batch_id DESC, sibling.id LIMIT {MAX_SIBLINGS}
"""


class _Place(NamedTuple):
    batch_id: int
    filename: str
    owner_id: int


class _Sibling(NamedTuple):
    """A file's name and import. Both are unset if the file was found by the group id in its metadata.

    The files of such a group (for example, a burst) may be in different folders.
    """

    filename: str = ""
    batch_id: int | None = None


def save_picture(item_id: int, upload_id: int, result: "Result", previews: dict[str, str]) -> None:
    """Save a picture's results, its sidecars' values and its parts, in the transaction that finishes its item."""
    place = _lock_name(item_id)
    entries, siblings = _candidates(item_id, upload_id, place)
    if place is not None and (group := group_id_of(result.metadata)):
        fetch_row(LOCK_GROUP, {"key": hash_key(f"{place.owner_id} {group}")})
        siblings = dict.fromkeys(find_group(place.owner_id, group), _Sibling()) | siblings
    pictures = lock_pictures({upload_id, *siblings})
    picture = pictures.get(upload_id)
    if picture is None:
        return
    chosen = choose_entries(entries, place.filename if place else "")
    save_result(picture, result, previews, with_entries(picture.sidecars, chosen))
    mark_linked(upload_id, chosen)
    if siblings and place is not None:
        _pair(lock_pictures({upload_id, *siblings}), {**siblings, upload_id: _Sibling(place.filename, place.batch_id)})


def link_duplicate(item_id: int, upload_id: int) -> None:
    """Link an already processed picture with its sidecars and parts, in the transaction that finishes its item."""
    place = _lock_name(item_id)
    entries, siblings = _candidates(item_id, upload_id, place)
    if place is None or not (entries or siblings):
        return
    pictures = lock_pictures({upload_id, *siblings})
    if picture := pictures.get(upload_id):
        link_entries(picture, entries, place.filename)
        _pair(pictures, {**siblings, upload_id: _Sibling(place.filename, place.batch_id)})


def _lock_name(item_id: int) -> _Place | None:
    """Take the advisory locks for an item's folder and name; return the item's import, file name and owner.

    Return None if the item is not a file of an import, or if a guest sent it. The caller must have locked the item's
    row.
    """
    row = fetch_row(LOCK_NAME, {"item": item_id})
    return _Place(*row[2:]) if row else None


def _candidates(item_id: int, upload_id: int, place: _Place | None) -> tuple[list[StoredEntry], dict[int, _Sibling]]:
    if place is None:
        return [], {}
    rows = fetch_rows(FIND_SIBLINGS, {"item": item_id, "upload": upload_id})
    return find_entries(item_id, upload_id), {upload: _Sibling(name, batch_id) for upload, name, batch_id in rows}


def _pair(pictures: dict[int, PictureRow], siblings: dict[int, _Sibling]) -> None:
    """Save which of the locked pictures are parts of others. Unprocessed and trashed pictures are ignored."""
    processed = [row for row in pictures.values() if row.id in siblings and row.is_processed and not row.is_trashed]
    parts = find_parts([row.as_pair_file(*siblings[row.id]) for row in processed])
    # Handle new main pictures first. save_part also moves a picture's parts: if a picture becomes a part of one of its
    # own parts, that part must already be detached, or it would become a part of itself.
    for row in sorted(processed, key=lambda row: row.id in parts):
        main, role = parts.get(row.id, (None, ""))
        if main is None:
            if row.part_of in parts:  # its main picture has become a part itself
                save_part(row.id, None, "")
            continue
        above = pictures[main].part_of
        if above is not None and main not in parts and above not in parts:
            main = above if above != row.id else main
        if (main, role) != (row.part_of, row.part_role):
            save_part(row.id, main, role)
