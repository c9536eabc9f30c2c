"""Process one claimed item, then complete, fail or release it."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.module_loading import import_string

from batches.engine.circuit_breaker import breaker
from batches.engine.finish_item import complete_item, fail_item
from batches.engine.in_flight import Claim, Job, JobStopped, in_flight
from batches.engine.release import release_claims
from batches.models.error_codes import default_message
from uploads.errors import EnvironmentalError, PermanentError, TransientError
from uploads.storage.file_deletion import schedule_deletion

logger = logging.getLogger(__name__)

ATTEMPTS = 2
Processor = Callable[[Job], Callable[[], None] | None]


def run_job(claim: Claim) -> None:
    """Process a claimed item and write its outcome.

    Does not raise: database outages trip the circuit breaker, and other errors are logged.
    """
    with in_flight.track(claim) as job:
        try:
            _finish_or_release(job)
            if job.previews_unrecorded and claim.upload_key:
                # The picture may have been deleted while its previews were being stored. If it still exists,
                # schedule_deletion keeps its files.
                schedule_deletion([claim.upload_key])
            # Record this only after the write succeeded, because a database with a full disk still answers queries.
            breaker.record_success("database.away")
        except (OperationalError, InterfaceError) as error:
            breaker.trip("database.away", default_message("database.away"), error)
            in_flight.mark_unreleased(claim)
        except Exception:
            logger.exception("File %d could not be completed, failed or released.", claim.item_id)
            in_flight.mark_unreleased(claim)


def process(job: Job) -> Callable[[], None] | None:
    """Call the function named by settings.PROCESSOR. Its contract is documented in `process_upload`.

    Its module loads the image libraries, so it is imported only on the first call: a new worker should first recover
    the files of dead workers. The setting exists so that tests and benchmarks can replace the function.
    """
    found: Processor = import_string(settings.PROCESSOR)
    return found(job)


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
        # Fail the item: if it were released, the next attempt would raise the same error.
        logger.exception("The outcome of file %d could not be written.", job.claim.item_id)
        fail_item(job.claim, "item.internal")


def _process_with_retry(job: Job) -> None:
    """Process the item up to ATTEMPTS times; fail it after the last attempt, or after a permanent error."""
    claim = job.claim
    for attempt in range(1, ATTEMPTS + 1):
        try:
            job.previews_unrecorded = not complete_item(claim, process(job), job.result)
            if not claim.already_processed:  # completing a duplicate uses no dependency but the database
                breaker.record_success()
            return
        except (JobStopped, EnvironmentalError, OperationalError, InterfaceError):
            raise
        except PermanentError as error:
            fail_item(claim, error.code, error.message)
            return
        except Exception as error:
            logger.exception("Error in file %d, attempt %d.", claim.item_id, attempt)
            if attempt == ATTEMPTS:
                fail_item(claim, *_last_reason(error))


def _last_reason(error: Exception) -> tuple[str, str]:
    """Return the error code and message for an item whose last attempt raised `error`."""
    if isinstance(error, TransientError):
        return error.code, error.message
    return "item.internal", default_message("item.internal")
