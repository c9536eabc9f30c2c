"""Working on one claimed file: run the pipeline, then finish, fail or give back."""

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
    """Bring a claimed file to its end; never raises for a reason that lies in the file or its surroundings."""
    with in_flight.track(claim) as held:
        try:
            _end(held)
            if held.previews_unrecorded and claim.upload_key:
                # The picture may have been deleted before its previews came; while it has a row, nothing is removed.
                schedule_deletion([claim.upload_key])
            # However it ended, it was written: an answer alone does not show that the database has room to write.
            breaker.record_success("database.away")
        except (OperationalError, InterfaceError) as error:
            breaker.trip("database.away", str(error))
            in_flight.mark_unreleased(claim)
        except Exception:
            logger.exception("File %d could be neither finished nor failed.", claim.item_id)
            in_flight.mark_unreleased(claim)


def _end(held: Job) -> None:
    """Finish the file or put it back; raises only what the database raises."""
    try:
        _try_twice(held)
    except JobStopped:
        release_claims([held.claim])
    except EnvironmentalError as error:
        breaker.trip(error.code, error.message)
        release_claims([held.claim])
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # Not even its reason could be written. Taken up again, it would only come here again.
        logger.exception("File %d could not be ended.", held.claim.item_id)
        fail_item(held.claim, "item.internal")


def _try_twice(held: Job) -> None:
    """A permanent error fails the file at once, any other after a second attempt, with the last real reason."""
    claim = held.claim
    for attempt in range(1, ATTEMPTS + 1):
        try:
            held.previews_unrecorded = not complete_item(claim, processor()(held))
            if not claim.already_processed:  # for which nothing outside was asked
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
    """Return what is done with a file, from settings.PROCESSOR: it returns how to save the result, or None."""
    process: Callable[[Job], Save | None] = import_string(settings.PROCESSOR)
    return process


def process_upload(held: Job) -> Save | None:
    """Run the pipeline on the stored file of a claim and write its previews; returns how to save its rows.

    None: the same bytes came twice and have been worked on meanwhile. Storage may be far away, and so no transaction
    waits for it. The previews' names follow from the key: who finishes the file in our place finds or writes the same.

    Raises MediaError of any sort, and Stopped when the file is not wanted, or not ours, any more.
    """
    upload_id, key = held.claim.upload_id, held.claim.upload_key
    if upload_id is None or key is None:
        raise PermanentError("item.gone", default_message("item.gone"))
    if held.claim.already_processed:
        return None
    held.enter(Stage.CHECKING)
    try:
        with local_copy(key) as path:
            computing = partial(cpu_slot, held)
            result = process_file(path, get_analyzer(settings.ANALYZER), held.enter, settings.MAX_PIXELS, computing)
    except EnvironmentalError as error:
        raise _blame(error) from error
    held.enter(Stage.INDEXING)
    if not holds_claim(held.claim):
        raise JobStopped
    held.previews_unrecorded = True
    return partial(save_result, upload_id, result, save_previews(key, result.previews))


def _blame(error: EnvironmentalError) -> MediaError:
    """A file that cannot be read while its storage answers is alone to blame: others must not wait for it."""
    if error.code == "storage.unreadable" and storage_available():
        return PermanentError("file.unreadable", default_message("file.unreadable"))
    return error
