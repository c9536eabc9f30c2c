"""Create the large preview of a picture when it is first requested, and store it."""

import asyncio
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.conf import settings

from uploads.errors import CodedError
from uploads.media import ZOOM_SIDE
from uploads.media.decoder import decoders
from uploads.media.previews import encode_preview
from uploads.models import Upload
from uploads.storage import local_copy, save_previews
from uploads.storage.file_deletion import schedule_deletion

MAX_CONCURRENT = 1
"""The maximum number of pictures that a process decodes at a time for zooming; other requests wait."""
TIMEOUT_SECONDS = 60.0

_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def zoom_preview(upload: Upload) -> str | None:
    """Return the storage name of the preview for zooming, and create the preview if it does not exist.

    The preview's longest side is at most ZOOM_SIDE pixels. Return None if the upload has not been processed, is not a
    picture, was deleted, or cannot be decoded now. The caller must have checked ownership.
    """
    slots = _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(MAX_CONCURRENT))
    async with slots:
        try:
            await upload.arefresh_from_db(fields=["previews", "processed_at"])  # another request may have created it
        except Upload.DoesNotExist:
            return None
        found: str | None = upload.previews.get(str(ZOOM_SIDE))
        if found is not None or upload.processed_at is None or upload.kind != "image":
            return found
        name = await sync_to_async(_make, thread_sensitive=False)(upload)
        return name if name is None or await _record(upload, name) else None


async def _record(upload: Upload, name: str) -> bool:
    """Record the stored preview. Return False if the picture was deleted or processed again."""
    unchanged = Upload.objects.filter(id=upload.pk, processed_at=upload.processed_at)
    if await unchanged.aupdate(previews=upload.previews | {str(ZOOM_SIDE): name}):
        return True
    await sync_to_async(schedule_deletion)([upload.key])  # does nothing if the picture still exists
    return False


def _make(upload: Upload) -> str | None:
    """Decode the picture and store its preview. Runs on threads that must not use the database."""
    try:
        with local_copy(upload.key) as path:
            picture = decoders.read_picture(path, settings.MAX_PIXELS, _deadline(), ZOOM_SIDE)
        content = encode_preview(picture.image, ZOOM_SIDE)
        return save_previews(upload.key, {ZOOM_SIDE: content})[str(ZOOM_SIDE)]
    except (CodedError, TimeoutError):
        return None


def _deadline() -> Callable[[], None]:
    end = time.monotonic() + TIMEOUT_SECONDS

    def check() -> None:
        if time.monotonic() > end:
            raise TimeoutError

    return check
