"""The Redis broker of dramatiq with a shorter pause between two looks at an empty queue."""

from typing import Any

from dramatiq.brokers.redis import RedisBroker

from batches.messaging.wake_ups import QUEUE

LONGEST_PAUSE_MS = 200


class FastPollingBroker(RedisBroker):
    """An idle worker notices a bell within LONGEST_PAUSE_MS; dramatiq's own pause grows to a second.

    The queue of delayed messages is never used here and keeps that.
    """

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Any:
        """Return a consumer; see dramatiq.Broker.consume."""
        pause = min(timeout, LONGEST_PAUSE_MS) if queue_name == QUEUE else timeout
        return super().consume(queue_name, prefetch, pause)
