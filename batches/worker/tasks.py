"""The actor: a bell that asks the database whose turn it is."""

import logging

import dramatiq
import redis

from batches.engine.scheduler import next_batch
from batches.engine.time_slice import may_claim, run_time_slice, time_slice_seconds
from batches.messaging.wake_ups import ACTOR, QUEUE, send_wake_ups, total_threads

logger = logging.getLogger(__name__)

# Turns in a row that may find nothing left: another thread was quicker.
MISSES = 3


@dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, max_retries=0)
def process_next_batch() -> None:
    """Give the batch whose turn it is one slice of this thread, and so on with the next turn while there is work.

    Carries no id and may be called any number of times at any moment: the rows are the queue. It does not end between
    two slices, because an idle dramatiq consumer looks for its next message only after a pause that grows to a second.
    """
    misses, rung = 0, False
    while misses < MISSES and may_claim() and (turn := next_batch()) is not None:
        if not rung:
            _ring()
        rung = True
        misses = 0 if process_batch(turn.batch_id, turn.waiting_batches) else misses + 1


def process_batch(batch_id: int, waiting_batches: int = 1) -> int:
    """Give one batch a slice, shorter in a crowd; returns how many files were taken.

    None were taken: its last ones went to other threads.
    """
    return run_time_slice(batch_id, time_slice_seconds(waiting_batches))


def _ring() -> None:
    """Wake threads that are idle; where none is, the bells wait and cost nothing."""
    try:
        send_wake_ups(total_threads())
    except (redis.RedisError, dramatiq.errors.BrokerConnectionError) as error:
        logger.debug("No bell (%s); the reconciler rings when Redis is back.", error)
