"""Process one claimed item: run the pipeline, then complete, fail or release it."""

import logging
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.module_loading import import_string

from batches.engine.circuit_breaker import breaker
from batches.engine.cpu_slots import cpu_slot
from batches.engine.finish import complete_item, fail_item, holds_claim
from batches.engine.in_flight import Claim, Job, JobStopped, in_flight
from batches.engine.release import release_claims
from batches.models.error_codes import default_message
from batches.models.states import Stage
from uploads.analysis.registry import get_analyzer
from uploads.errors import EnvironmentalError, MediaError, PermanentError
from uploads.pipeline import process_file
from uploads.queries import save_result
from uploads.storage import local_copy, save_previews, storage_available
from uploads.storage.file_deletion import schedule_deletion

logger = logging.getLogger(__name__)

ATTEMPTS = 2
Save = Callable[[], None]


def run_job(claim: Claim) -> None:
    """Process a claimed item and write its outcome.

    No errors are raised: database outages trip the circuit breaker, and other errors are logged.
    """
    with in_flight.track(claim) as job:
        try:
            _finish_or_release(job)
            if job.previews_unrecorded and claim.upload_key:
                # The picture may have been deleted while its previews were being stored. If it still exists,
                # schedule_deletion keeps its files.
                schedule_deletion([claim.upload_key])
            # The outage of the database ends only after a successful write, because a database with a full disk still
            # answers reads.
            breaker.record_success("database.away")
        except (OperationalError, InterfaceError) as error:
            breaker.trip("database.away", str(error))
            in_flight.mark_unreleased(claim)
        except Exception:
            logger.exception("File %d could be neither finished nor failed.", claim.item_id)
            in_flight.mark_unreleased(claim)


def _finish_or_release(job: Job) -> None:
    """Process the item and write its outcome. If the job must stop or a dependency is down, release the claim instead.

    Raises only database errors.
    """
    try:
        _process_with_retry(job)
    except JobStopped:
        release_claims([job.claim])
    except EnvironmentalError as error:
        breaker.trip(error.code, error.message)
        release_claims([job.claim])
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # Fail the item instead of releasing it, because a released item would end up here again.
        logger.exception("The outcome of file %d could not be written.", job.claim.item_id)
        fail_item(job.claim, "item.internal")


def _process_with_retry(job: Job) -> None:
    """Process the item up to ATTEMPTS times; fail it after the last attempt, or at once after a permanent error."""
    claim = job.claim
    for attempt in range(1, ATTEMPTS + 1):
        try:
            job.previews_unrecorded = not complete_item(claim, processor()(job))
            if not claim.already_processed:  # a duplicate completes without using any dependency but the database
                breaker.record_success()
            return
        except (JobStopped, EnvironmentalError, OperationalError, InterfaceError):
            raise
        except MediaError as error:
            if attempt == ATTEMPTS or isinstance(error, PermanentError):
                fail_item(claim, error.code, error.message)
                return
        except Exception:
            logger.exception("Unexpected error in file %d, attempt %d.", claim.item_id, attempt)
            if attempt == ATTEMPTS:
                fail_item(claim, "item.internal")


def processor() -> Callable[[Job], Save | None]:
    """Return the function that settings.PROCESSOR names; `process_upload` documents its contract."""
    process: Callable[[Job], Save | None] = import_string(settings.PROCESSOR)
    return process


def process_upload(job: Job) -> Save | None:
    """Run the pipeline on the job's stored file and store the previews. Return a function that saves the results.

    Return None if the picture was already processed for another item. No transaction is open while files are read or
    written, because the storage may be slow. The names of the previews depend only on the storage key, so if another
    process takes over the item, it overwrites the same files. Raises any MediaError, and JobStopped if a stop was
    requested or the claim is no longer valid.
    """
    upload_id, key = job.claim.upload_id, job.claim.upload_key
    if upload_id is None or key is None:
        raise PermanentError("item.gone", default_message("item.gone"))
    if job.claim.already_processed:
        return None
    job.enter(Stage.CHECKING)
    try:
        with local_copy(key) as path:
            computing = partial(cpu_slot, job)
            result = process_file(path, get_analyzer(settings.ANALYZER), job.enter, settings.MAX_PIXELS, computing)
    except EnvironmentalError as error:
        raise _classify(error) from error
    job.enter(Stage.INDEXING)
    if not holds_claim(job.claim):
        raise JobStopped
    job.previews_unrecorded = True
    return partial(save_result, upload_id, result, save_previews(key, result.previews))


def _classify(error: EnvironmentalError) -> MediaError:
    """If the storage works and only this file is unreadable, return a permanent error; otherwise return `error`.

    A permanent error fails only this item, whereas an EnvironmentalError would stop all claiming.
    """
    if error.code == "storage.unreadable" and storage_available():
        return PermanentError("file.unreadable", default_message("file.unreadable"))
    return error
