"""The dramatiq actor that processes batches."""

import logging

import dramatiq
import redis

from batches.engine.in_flight import in_flight
from batches.engine.scheduler import next_batch
from batches.engine.time_slice import may_claim, run_time_slice, time_slice_seconds
from batches.messaging.wake_ups import ACTOR, QUEUE, send_wake_ups, total_threads
from uploads.freed_memory import return_freed_memory

logger = logging.getLogger(__name__)

MAX_EMPTY_SLICES = 3
"""The actor ends after this many consecutive time slices in which other threads had claimed all items."""


@dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, max_retries=0)
def process_next_batch() -> None:
    """Run one time slice after another, each on the batch that the scheduler picks, until no item can be claimed.

    The message carries no data and may be delivered twice, because the item table is the queue. The actor does not end
    after one time slice, because an idle dramatiq consumer pauses for up to a second before it fetches the next
    message.
    """
    empty_slices, has_slices = 0, False
    while empty_slices < MAX_EMPTY_SLICES and may_claim() and (scheduled := next_batch()) is not None:
        if not has_slices:
            _wake_other_threads()
        has_slices = True
        seconds = 0.0 if scheduled.is_background else time_slice_seconds(scheduled.waiting_batches)
        claimed = run_time_slice(scheduled.batch_id, seconds)
        empty_slices = 0 if claimed else empty_slices + 1
    if has_slices and not in_flight.jobs():
        return_freed_memory()


def _wake_other_threads() -> None:
    """Send wake-ups for idle threads. Sending more than needed is harmless."""
    try:
        send_wake_ups(total_threads())
    except (redis.RedisError, dramatiq.errors.BrokerConnectionError) as error:
        logger.debug("No wake-ups were sent (%s); the reconciler sends them once Redis is back.", error)
