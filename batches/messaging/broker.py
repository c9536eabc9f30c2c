"""The Redis broker of dramatiq, polling an empty queue more often."""

from typing import Any

from dramatiq.brokers.redis import RedisBroker

from batches.messaging.wake_ups import QUEUE

MAX_POLL_MS = 200


class FastPollingBroker(RedisBroker):
    """Lets an idle worker see a wake-up within MAX_POLL_MS; dramatiq's pause grows to a second.

    The queue of delayed messages is not used here and keeps dramatiq's pause.
    """

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Any:
        """Return a consumer; see dramatiq.Broker.consume."""
        pause = min(timeout, MAX_POLL_MS) if queue_name == QUEUE else timeout
        return super().consume(queue_name, prefetch, pause)
