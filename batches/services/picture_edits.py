"""Commands that edit a picture's date, location, visibility, labels or description. The file is never changed."""

from collections.abc import Collection

from batches.models.scope import NotFound, Scope
from batches.services.selection import select_pictures
from uploads import picture_edits
from uploads.models import MediaKind, Upload
from uploads.picture_edits import EditResult
from uploads.sidecars.own_edits import Change

CHANGE_PICTURES = ("uploads.change_upload",)


def edit_pictures(scope: Scope, ids: Collection[int], key: str, change: Change | None) -> EditResult:
    """Change one value of the pictures that the scope covers. If `change` is None, restore the original value.

    For `key` and `change`, see uploads/sidecars/own_edits.py. Raises Refused (`picture.too_many`) if there are
    more than MAX_PICTURES ids.
    """
    own = select_pictures(scope, ids, CHANGE_PICTURES).exclude(kind=MediaKind.ARCHIVE)
    return picture_edits.edit_pictures(scope.user_id, set(own.values_list("id", flat=True)), key, change)


def undo_edit(scope: Scope, edit_id: int) -> int:
    """Undo a change that the scope's user made; return how many pictures and parts were restored.

    Raises NotFound if there is no such change or if it has already been undone.
    """
    restored = picture_edits.undo_edit(scope.user_id, edit_id)
    if restored is None:
        raise NotFound
    return restored


def remove_label(scope: Scope, upload_id: int, name: str) -> None:
    """Remove a label from a picture. Describing the picture again does not bring it back. Raises NotFound."""
    _require(scope, upload_id)
    picture_edits.remove_label(upload_id, name)


def restore_label(scope: Scope, upload_id: int, name: str) -> None:
    """Restore a label that was removed from a picture. Raises NotFound."""
    _require(scope, upload_id)
    picture_edits.restore_label(upload_id, name)


def edit_description(scope: Scope, upload_id: int, text: str) -> None:
    """Replace a picture's description; an empty text restores the original one. Raises NotFound."""
    _require(scope, upload_id)
    picture_edits.edit_description(upload_id, text)


def _require(scope: Scope, upload_id: int) -> None:
    own = Upload.objects.filter(id=upload_id).exclude(kind=MediaKind.ARCHIVE)
    if not scope.filter(own, CHANGE_PICTURES).exists():
        raise NotFound
