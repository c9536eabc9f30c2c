"""Process a job that only reads the text in a picture."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings
from PIL import Image

from batches.engine.cpu_slots import cpu_slot
from batches.engine.in_flight import Job, JobStopped
from batches.engine.scheduler import has_urgent_work
from batches.models.error_codes import default_message
from batches.models.states import Stage
from uploads.analysis.ocr.installed_models import MODEL
from uploads.analysis.ocr.networks import shared_networks
from uploads.analysis.ocr.text_reader import TextReader
from uploads.analysis.text_vector import embed_text
from uploads.errors import EnvironmentalError, PermanentError
from uploads.media import ZOOM_SIDE
from uploads.media.decoder import decoders
from uploads.models import MediaKind, Upload
from uploads.similar.rules import PAGES
from uploads.storage import error_code, local_copy, read_file
from uploads.upload_sql import save_text

URGENT_WORK_CHECK_SECONDS = 1.0
GIVE_WAY_SECONDS = 0.001
"""Sleeping this long after releasing a CPU slot gives a waiting thread time to take the slot."""
COLUMNS = ("key", "kind", "previews", "width", "height", "labels")


def read_text(job: Job) -> Callable[[], None]:
    """Read the text in a job's picture. Return a function that saves it.

    If the preview shows no text, nothing is read. Otherwise, the original is decoded if it is larger than the preview,
    because small text is illegible in a preview. Raises the same errors as `process_upload`. Also raises JobStopped if
    other files are waiting: this thread should process them first and read the picture later.
    """
    upload = Upload.objects.only(*COLUMNS).filter(id=job.claim.upload_id or 0).first()
    if upload is None or not upload.previews:
        raise PermanentError("item.gone", default_message("item.gone"))
    job.enter(Stage.CHECKING)
    preview = _open_preview(upload.previews[max(upload.previews, key=int)])
    is_larger = upload.kind == MediaKind.IMAGE and max(upload.width or 0, upload.height or 0) > max(preview.size)
    text = TextReader(shared_networks(), _Steps(job).step).read_any(
        preview,
        lambda: _decode_original(job, upload) if is_larger else preview,
        is_page=bool(PAGES.intersection(label["name"] for label in upload.labels)),
    )
    with cpu_slot(job):
        job.enter(Stage.EMBEDDING)
        vector = embed_text(text)
    job.enter(Stage.INDEXING)
    return partial(save_text, upload.pk, MODEL, text, vector)


class _Steps:
    """Divides the reading of a picture into steps, so that other jobs can run between them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._checked = time.monotonic()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Hold a CPU slot while the block runs.

        Raises JobStopped for the same reasons as `cpu_slot`, and also if more urgent files are waiting. This thread
        looks for such files at most once every URGENT_WORK_CHECK_SECONDS.
        """
        if time.monotonic() - self._checked >= URGENT_WORK_CHECK_SECONDS:
            self._checked = time.monotonic()
            if has_urgent_work():
                raise JobStopped
        time.sleep(GIVE_WAY_SECONDS)
        with cpu_slot(self._job):
            self._job.enter(Stage.READING)
            yield


def _open_preview(name: str) -> Image.Image:
    try:
        content = read_file(name)
    except FileNotFoundError as error:
        raise PermanentError("file.missing") from error
    except OSError as error:
        raise EnvironmentalError(error_code(error)) from error
    return Image.open(io.BytesIO(content)).convert("RGB")


def _decode_original(job: Job, upload: Upload) -> Image.Image:
    job.enter(Stage.CHECKING)
    with local_copy(upload.key) as path, cpu_slot(job):
        return decoders.read_picture(path, settings.MAX_PIXELS, job.raise_if_stopped, ZOOM_SIDE).image
