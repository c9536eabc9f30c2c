"""A tus client that can stop in the middle of a chunk and ask for the offset, and a check of the stored picture."""

import hashlib
import http.client
import random

from batches.models import UploadBatch
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.web_server import Site
from uploads.models import Upload
from uploads.storage import local_copy

CHUNK = 2**20
PICTURE = encoded(textured(320, 240), "JPEG") + random.Random(7).randbytes(3 * CHUNK + 4567)


class Sender:
    """A client that counts the bytes of the chunks it sends."""

    def __init__(self, site: Site, cookie: str, path: str) -> None:
        self._site = site
        self._headers = {"Tus-Resumable": "1.0.0", "Cookie": cookie}
        self._path = path
        self.sent = 0

    def offset(self) -> int:
        """Ask the server for the upload's offset and return it."""
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=60)
        connection.request("HEAD", self._path, headers=self._headers)
        answer = connection.getresponse()
        connection.close()
        assert answer.status == 200
        return int(answer.headers["Upload-Offset"])

    def begin(self, offset: int, chunk: bytes, count: int) -> http.client.HTTPConnection:
        """Start a PATCH request for `chunk`, but send only its first `count` bytes; return the open connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=60)
        connection.putrequest("PATCH", self._path)
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        for name, value in (self._headers | headers | {"Content-Length": str(len(chunk))}).items():
            connection.putheader(name, value)
        connection.endheaders(chunk[:count])
        self.sent += min(count, len(chunk))
        return connection

    def patch(self, offset: int, chunk: bytes) -> int:
        """PATCH a whole chunk and return the status."""
        connection = self.begin(offset, chunk, len(chunk))
        status = connection.getresponse().status
        connection.close()
        return status


def metadata(batch: UploadBatch) -> dict[str, str]:
    """Return the metadata to send when creating the picture's upload."""
    return {"batch": str(batch.id), "filename": "big.jpg", "last_modified": "1000"}


def assert_complete(batch: UploadBatch) -> None:
    """Check that the picture is stored as sent, that its item is pending, and that the batch's counters match."""
    upload = Upload.objects.get()
    with local_copy(upload.key) as path:
        stored = hashlib.sha256(path.read_bytes()).hexdigest()
    assert stored == upload.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert batch.items.get().status == "pending"
    assert_counters_match(batch)
