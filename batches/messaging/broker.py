"""A dramatiq Redis broker that polls an empty queue more often than the default broker."""

from typing import Any

from dramatiq.brokers.redis import RedisBroker

from batches.messaging.wake_ups import QUEUE

MAX_POLL_MS = 200


class FastPollingBroker(RedisBroker):
    """Limits dramatiq's polling interval to MAX_POLL_MS, so that idle workers see wake-ups soon.

    By default, the interval grows to a second while the queue is empty. The queue for delayed messages keeps that
    default, because this project does not use delayed messages.
    """

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Any:
        """Return a consumer that polls the wake-up queue at least every MAX_POLL_MS; see dramatiq.Broker.consume."""
        pause = min(timeout, MAX_POLL_MS) if queue_name == QUEUE else timeout
        return super().consume(queue_name, prefetch, pause)
