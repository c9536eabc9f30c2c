"""A dramatiq Redis broker whose idle workers wait for a wake-up instead of polling the queue."""

import time
from typing import Any

import redis
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed

from batches.messaging.wake_ups import queue_key

WAIT_SECONDS = 1.0
"""The longest time that a consumer waits. A worker's shutdown may take this long, because it waits for the consumer."""
BUSY_SECONDS = 0.2
"""How often the consumer of a busy worker checks whether a thread has become free."""


class WaitingConsumer(_RedisConsumer):
    """Blocks in Redis while the queue is empty.

    dramatiq's own consumer polls an empty queue with a script, by default after pauses of up to a second.
    """

    def __next__(self) -> Any:
        """Return the next message, or None after at most WAIT_SECONDS."""
        message = super().__next__()
        if message is None:
            self._wait()
        return message

    def _wait(self) -> None:
        """Wait up to WAIT_SECONDS for a message. If no thread is free to take one, wait BUSY_SECONDS instead."""
        if self.outstanding_message_count >= self.prefetch:
            time.sleep(BUSY_SECONDS)
            return
        try:
            # This moves a message from the front of the list to its end, which also wakes all other waiting workers.
            # Each of them then tries to fetch a message. The order does not matter, because all messages are alike.
            self.broker.client.blmove(queue_key(), queue_key(), WAIT_SECONDS, "LEFT", "RIGHT")
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None


class WakeUpBroker(RedisBroker):
    """A broker with a single queue, which contains wake-ups."""

    consumer_class = WaitingConsumer

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue, but no queue for delayed messages, which would always be empty but still be polled."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Any:
        """Return a consumer without dramatiq's own pauses between polls; see dramatiq.Broker.consume."""
        return super().consume(queue_name, prefetch, timeout=0)
