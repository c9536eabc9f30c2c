"""Process a job's picture: run the pipeline and store the previews."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.conf import settings

from batches.engine.cpu_slots import cpu_slot
from batches.engine.finish_item import holds_claim
from batches.engine.in_flight import Job, JobStopped
from batches.engine.link_picture import link_duplicate, save_picture
from batches.models.error_codes import default_message
from batches.models.states import Stage
from uploads.analysis.analyzer import get_analyzer
from uploads.analysis.text_vector import add_text
from uploads.errors import EnvironmentalError, PermanentError, ProcessingError
from uploads.media.decoder import decoders
from uploads.pipeline import Result, process_file
from uploads.storage import local_copy, save_previews, storage_available


def process_upload(job: Job) -> Callable[[], None]:
    """Run the pipeline on the job's stored file and store the previews. Return a function that saves the results.

    If the picture was already processed for another item, the returned function only links its sidecars and parts, and
    nothing is read. No transaction is open while files are read or written, because the storage may be slow. The names
    of the previews depend only on the storage key, so if another process takes over the item, it overwrites the same
    files. Raises any ProcessingError, any error of the analyzer, and JobStopped if a stop was requested or the claim is
    no longer valid.
    """
    upload_id, key = job.claim.upload_id, job.claim.upload_key
    if upload_id is None or key is None:
        raise PermanentError("item.gone", default_message("item.gone"))
    if job.claim.already_processed:
        return partial(link_duplicate, job.claim.item_id, upload_id)
    job.enter(Stage.CHECKING)
    try:
        with local_copy(key) as path:
            result = _analyse(job, path)
    except (EnvironmentalError, PermanentError) as error:
        raise _classify(error) from error
    job.enter(Stage.INDEXING)
    if not holds_claim(job.claim):
        raise JobStopped
    job.previews_unrecorded = True
    return partial(save_picture, job.claim.item_id, upload_id, result, save_previews(key, result.previews))


def _analyse(job: Job, path: Path) -> Result:
    """Run the pipeline. If text was found in the picture earlier, add it to the new vector."""
    computing, read = partial(cpu_slot, job), partial(decoders.read_picture, check=job.raise_if_stopped)
    analyzer = get_analyzer(settings.DESCRIBER, settings.EMBEDDER, settings.AUDIT_MINIMUM)
    edited, text = job.claim.edited_description or "", job.claim.text_found
    result = process_file(path, analyzer, job.enter, settings.MAX_PIXELS, computing, read, edited)
    if not text or result.vector is None:
        return result
    with cpu_slot(job):
        return replace(result, vector=add_text(result.vector, result.embedding_model, text))


def _classify(error: ProcessingError) -> ProcessingError:
    """If the storage works and only this file is unreadable, return `file.unreadable`; otherwise return `error`.

    A permanent error fails only this item, whereas an EnvironmentalError would stop all claiming.
    """
    if error.code == "original.unreadable" or (error.code == "storage.unreadable" and storage_available()):
        return PermanentError("file.unreadable", default_message("file.unreadable"))
    return error
