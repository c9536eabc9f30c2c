"""Working on one claimed file: run the pipeline, then finish, fail or give back."""

import logging
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.module_loading import import_string

from batches.engine.cores import core_for
from batches.engine.errors import GONE
from batches.engine.finish import complete, fail, is_ours
from batches.engine.give_back import give_back
from batches.engine.hold import hold
from batches.engine.in_hand import Claim, Held, Stopped, hand
from batches.states import Stage
from uploads.analysis.registry import get_analyzer
from uploads.errors import EnvironmentalError, MediaError, PermanentError
from uploads.pipeline import run
from uploads.results import save_result
from uploads.storage import local_copy, save_previews, storage_answers
from uploads.tombstones import bury

logger = logging.getLogger(__name__)

ATTEMPTS = 2
INTERNAL = ("item.internal", "The program made a mistake on this file. Its log says more.")
Save = Callable[[], None]


def work_on(claim: Claim) -> None:
    """Bring a claimed file to its end; never raises for a reason that lies in the file or its surroundings."""
    with hand.holding(claim) as held:
        try:
            _end(held)
            if held.untold and claim.upload_key:
                # The picture may have been deleted before its previews came; while it has a row, nothing is removed.
                bury([claim.upload_key])
            # However it ended, it was written: an answer alone does not show that the database has room to write.
            hold.passed("database.away")
        except (OperationalError, InterfaceError) as error:
            hold.trip("database.away", str(error))
            hand.lose(claim)
        except Exception:
            logger.exception("File %d could be neither finished nor failed.", claim.item_id)
            hand.lose(claim)


def _end(held: Held) -> None:
    """Finish the file or put it back; raises only what the database raises."""
    try:
        _try_twice(held)
    except Stopped:
        give_back([held.claim])
    except EnvironmentalError as error:
        hold.trip(error.code, error.message)
        give_back([held.claim])
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # Not even its reason could be written. Taken up again, it would only come here again.
        logger.exception("File %d could not be ended.", held.claim.item_id)
        fail(held.claim, *INTERNAL)


def _try_twice(held: Held) -> None:
    """A permanent error fails the file at once, any other after a second attempt, with the last real reason."""
    claim = held.claim
    for attempt in range(1, ATTEMPTS + 1):
        try:
            held.untold = not complete(claim, processor()(held))
            if not claim.known:  # for which nothing outside was asked
                hold.passed()
            return
        except (Stopped, EnvironmentalError, OperationalError, InterfaceError):
            raise
        except MediaError as error:
            if attempt == ATTEMPTS or isinstance(error, PermanentError):
                fail(claim, error.code, error.message)
                return
        except Exception:
            logger.exception("Unexpected error in file %d, attempt %d.", claim.item_id, attempt)
            if attempt == ATTEMPTS:
                fail(claim, *INTERNAL)


def processor() -> Callable[[Held], Save | None]:
    """Return what is done with a file, from settings.PROCESSOR: it returns how to save the result, or None."""
    process: Callable[[Held], Save | None] = import_string(settings.PROCESSOR)
    return process


def process_upload(held: Held) -> Save | None:
    """Run the pipeline on the stored file of a claim and write its previews; returns how to save its rows.

    None: the same bytes came twice and have been worked on meanwhile. Storage may be far away, and so no transaction
    waits for it. The previews' names follow from the key: who finishes the file in our place finds or writes the same.

    Raises MediaError of any sort, and Stopped when the file is not wanted, or not ours, any more.
    """
    upload_id, key = held.claim.upload_id, held.claim.upload_key
    if upload_id is None or key is None:
        raise PermanentError(*GONE)
    if held.claim.known:
        return None
    held.enter(Stage.CHECKING)
    try:
        with local_copy(key) as path:
            computing = partial(core_for, held)
            result = run(path, get_analyzer(settings.ANALYZER), held.enter, settings.MAX_PIXELS, computing)
    except EnvironmentalError as error:
        raise _blame(error) from error
    held.enter(Stage.INDEXING)
    if not is_ours(held.claim):
        raise Stopped
    held.untold = True
    return partial(save_result, upload_id, result, save_previews(key, result.previews))


def _blame(error: EnvironmentalError) -> MediaError:
    """A file that cannot be read while its storage answers is alone to blame: others must not wait for it."""
    if error.code == "storage.unreadable" and storage_answers():
        return PermanentError("file.unreadable", "The stored file cannot be read. Look after the disk, then try again.")
    return error
