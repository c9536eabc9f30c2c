"""The actor: a bell that asks the database whose turn it is."""

import logging

import dramatiq
import redis

from batches.bells import ACTOR, QUEUE, ring_now, total_threads
from batches.engine.slice import may_claim, work_slice
from batches.engine.turn import next_batch

logger = logging.getLogger(__name__)

TRIES = 3


@dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, max_retries=0)
def process_next_batch() -> None:
    """Give the batch whose turn it is one slice of this thread, then ring again while there was work.

    Carries no id and may be called any number of times at any moment: the rows are the queue.
    """
    for _ in range(TRIES):
        batch_id = next_batch() if may_claim() else None
        if batch_id is None:
            return
        if process_batch(batch_id):
            _ring()
            return


def process_batch(batch_id: int) -> int:
    """Give one batch a slice; returns how many files were taken. None: its last ones went to other threads."""
    return work_slice(batch_id)


def _ring() -> None:
    try:
        ring_now(total_threads())
    except (redis.RedisError, dramatiq.errors.BrokerConnectionError) as error:
        logger.debug("No bell (%s); the reconciler rings when Redis is back.", error)
