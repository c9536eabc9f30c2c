"""Apply and undo owners' changes to the data shown with their pictures.

Files are never changed. Each function locks the pictures, so that a change is not lost if a picture is processed or
gets a sidecar at the same time.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from uploads.models import PictureEdit, Upload
from uploads.picture_facts import PictureRow, lock_pictures, save_sidecars
from uploads.sidecars.own_edits import DESCRIPTION, EDITS, LABELS, Change, with_edit

KEPT = timedelta(days=30)
"""How long a change can be undone."""


@dataclass(frozen=True, slots=True)
class EditResult:
    """How many pictures were changed, and how many the change does not apply to. Parts are not counted.

    `edit_id` identifies the PictureEdit that undo_edit() needs to undo the change. It is None if nothing was changed.
    """

    changed: int
    skipped: int
    edit_id: int | None


def edit_pictures(owner_id: int, ids: Set[int], key: str, change: Change | None) -> EditResult:
    """Change the value named `key` of the pictures in `ids` and of their parts.

    If `change` is None, restore the original value. The change is recorded for `owner_id`, who may undo it. The caller
    must have checked who owns the pictures.
    """
    changes: list[tuple[int, Any, Any]] = []
    skipped = 0
    with transaction.atomic():
        for row in lock_pictures(ids).values():
            if row.id not in ids and row.part_of not in ids:
                continue
            before, after = _own_value(row, key), change(row.shown) if change else None
            if change and after is None:
                skipped += row.id in ids
            elif after != before:
                save_sidecars(row, with_edit(row.sidecars, key, after))
                changes.append((row.id, before, after))
        own = PictureEdit.objects.filter(owner_id=owner_id)
        edit_id = own.create(owner_id=owner_id, key=key, changes=changes).id if changes else None
    # Not in the transaction above, which has locked pictures: undo_edit() locks a PictureEdit before pictures, so the
    # two could deadlock.
    own.filter(created_at__lt=timezone.now() - KEPT).delete()
    return EditResult(len(ids & {id for id, _, _ in changes}), skipped, edit_id)


def undo_edit(owner_id: int, edit_id: int) -> int | None:
    """Undo a change, except where the value has changed again since. Return how many pictures and parts were restored.

    Return None if the owner has no such change or has already undone it.
    """
    restored = 0
    with transaction.atomic():
        edit = PictureEdit.objects.select_for_update().filter(owner_id=owner_id, id=edit_id).first()
        if edit is None:
            return None
        rows = lock_pictures([id for id, _, _ in edit.changes])
        for id, before, after in edit.changes:
            if (row := rows.get(id)) and _own_value(row, edit.key) == after:
                save_sidecars(row, with_edit(row.sidecars, edit.key, before))
                restored += 1
        edit.delete()
    return restored


def remove_label(upload_id: int, name: str) -> None:
    """Remove a label from a picture; processing the picture again does not bring the label back."""
    with transaction.atomic():
        for row in _lock(upload_id):
            labels = _labels(row)
            removed = [label for label in labels if label["name"] == name]
            if removed:
                save_sidecars(row, with_edit(row.sidecars, LABELS, [*(_own_value(row, LABELS) or []), *removed]))
                Upload.objects.filter(id=row.id).update(labels=[label for label in labels if label not in removed])


def restore_label(upload_id: int, name: str) -> None:
    """Restore a removed label."""
    with transaction.atomic():
        for row in _lock(upload_id):
            removed = _own_value(row, LABELS) or []
            restored = [label for label in removed if label["name"] == name]
            if restored:
                left = [label for label in removed if label not in restored]
                save_sidecars(row, with_edit(row.sidecars, LABELS, left or None))
                labels = sorted([*_labels(row), *restored], key=lambda label: -label["score"])
                Upload.objects.filter(id=row.id).update(labels=labels)


def edit_description(upload_id: int, text: str) -> None:
    """Replace a picture's description. An empty text restores the original description."""
    with transaction.atomic():
        for row in _lock(upload_id):
            upload = Upload.objects.only("description", "description_edited").get(id=row.id)
            original = _own_value(row, DESCRIPTION) if upload.description_edited else upload.description
            edited = bool(text) and text != original
            if (edited, text or original) != (upload.description_edited, upload.description):
                save_sidecars(row, with_edit(row.sidecars, DESCRIPTION, original if edited else None))
                description = text if edited else original or ""
                Upload.objects.filter(id=row.id).update(description=description, description_edited=edited)


def _lock(upload_id: int) -> list[PictureRow]:
    """Lock a picture. Return a list with its row, or an empty list if the picture was deleted."""
    return [row for row in lock_pictures([upload_id]).values() if row.id == upload_id]


def _own_value(row: PictureRow, key: str) -> Any:
    return row.sidecars.get(EDITS, {}).get(key)


def _labels(row: PictureRow) -> list[Any]:
    labels: list[Any] = Upload.objects.values_list("labels", flat=True).get(id=row.id)
    return labels
