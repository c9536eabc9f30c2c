"""A sender that goes on after cuts and kills, and what must have become of its picture."""

import hashlib
import http.client
import random

from batches.models import UploadBatch
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from tests.support.web_server import Site
from uploads.models import Upload
from uploads.storage import local_copy

CHUNK = 2**20
PICTURE = encoded(textured(320, 240), "JPEG") + random.Random(7).randbytes(3 * CHUNK + 4567)


class Sender:
    """A sender of its own that counts every byte it hands to the network."""

    def __init__(self, site: Site, cookie: str, path: str) -> None:
        self._site = site
        self._headers = {"Tus-Resumable": "1.0.0", "Cookie": cookie}
        self._path = path
        self.sent = 0

    def offset(self) -> int:
        """Ask where the file stands."""
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=60)
        connection.request("HEAD", self._path, headers=self._headers)
        answer = connection.getresponse()
        connection.close()
        assert answer.status == 200
        return int(answer.headers["Upload-Offset"])

    def begin(self, offset: int, chunk: bytes, most: int) -> http.client.HTTPConnection:
        """Begin a PATCH of the chunk, of which only the first `most` bytes go out for now."""
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=60)
        connection.putrequest("PATCH", self._path)
        facts = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        for name, value in (self._headers | facts | {"Content-Length": str(len(chunk))}).items():
            connection.putheader(name, value)
        connection.endheaders(chunk[:most])
        self.sent += min(most, len(chunk))
        return connection

    def patch(self, offset: int, chunk: bytes) -> int:
        """PATCH a whole chunk; returns the status."""
        connection = self.begin(offset, chunk, len(chunk))
        status = connection.getresponse().status
        connection.close()
        return status


def metadata(batch: UploadBatch) -> dict[str, str]:
    """What the picture is announced with."""
    return {"batch": str(batch.id), "filename": "big.jpg", "last_modified": "1000"}


def assert_whole(batch: UploadBatch) -> None:
    """The picture is here, its bytes hash to what was sent, and it waits to be worked on."""
    upload = Upload.objects.get()
    with local_copy(upload.key) as path:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found == upload.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert batch.items.get().status == "pending"
    assert_counters_true(batch)
