"""An uploader that, like the upload page, resumes after broken connections and temporary errors."""

import http.client
import math
import random
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence

CHUNK = 32 * 2**10
RETRY_PAUSE, LIMIT_PAUSE = 0.2, 0.02
TEMPORARY = {409, 423, 429, 503, 507}
"""Statuses after which sending continues from the server's offset.

They mean that another request changed the offset or locked the file, that a limit is reached, that a server is
unavailable, or that the disk is full or read-only.
"""


class ResumingUploader:
    """Sends files to one batch through one or more web servers. Thread-safe.

    `sent` counts the bytes of all bodies, including lost ones, and `statuses` counts the responses by status. No body
    is sent while `sent` is at or above `limit`, so that a test controls how much remains to be sent when a fault
    occurs.
    """

    def __init__(self, ports: Sequence[int], cookie: str, batch_id: int, limit: float = math.inf) -> None:
        self.limit = limit
        self._ports = ports
        self._headers = {"Tus-Resumable": "1.0.0", "Cookie": cookie}
        self._batch_id = batch_id
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.sent = 0
        self.statuses: Counter[int] = Counter()

    def for_batch(self, batch_id: int) -> "ResumingUploader":
        """Return an uploader for another batch of the same user."""
        return ResumingUploader(self._ports, self._headers["Cookie"], batch_id)

    def stop(self) -> None:
        """Stop all running `send` calls, so that a failed test does not wait for them."""
        self._stopped.set()

    def send(self, name: str, data: bytes) -> None:
        """Keep sending a file until the server has all of it. Fail on a response other than success or TEMPORARY."""
        while not self._stopped.is_set() and not self._try_to_send(name, data):
            time.sleep(RETRY_PAUSE)

    def _try_to_send(self, name: str, data: bytes) -> bool:
        try:
            status, headers = self._create(name, len(data))
            location = headers.get("Location", "")
            while status in {201, 204} and (offset := int(headers["Upload-Offset"])) < len(data):
                self._wait_below_limit()
                status, headers = self._patch(location, offset, data[offset : offset + CHUNK])
        except (OSError, http.client.HTTPException):
            return False
        assert status in {201, 204} | TEMPORARY, f"{name}: status {status}"
        return status not in TEMPORARY

    def _wait_below_limit(self) -> None:
        while self.sent >= self.limit and not self._stopped.is_set():
            time.sleep(LIMIT_PAUSE)

    def _create(self, name: str, size: int) -> tuple[int, http.client.HTTPMessage]:
        values = {"batch": str(self._batch_id), "filename": name, "last_modified": "1000"}
        metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())
        return self._request("POST", "/tus/", {"Upload-Length": str(size), "Upload-Metadata": metadata})

    def _patch(self, location: str, offset: int, body: bytes) -> tuple[int, http.client.HTTPMessage]:
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        return self._request("PATCH", location, headers, body)

    def _request(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, http.client.HTTPMessage]:
        """Send a request to a random server over its own connection; return the status and the headers."""
        connection = http.client.HTTPConnection("127.0.0.1", random.choice(self._ports), timeout=60)
        try:
            connection.connect()
            with self._lock:
                self.sent += len(body)
            connection.request(method, path, body, self._headers | headers)
            response = connection.getresponse()
            response.read()
        finally:
            connection.close()
        with self._lock:
            self.statuses[response.status] += 1
        return response.status, response.headers
