"""Files are received completely, even if connections break or the server is killed while receiving or finalizing."""

import hashlib

import pytest

from batches.models import UploadBatch
from tests.intake.resuming_client import CHUNK, PICTURE, Sender, assert_complete
from tests.intake.tus_client import TusClient
from tests.support.images import encoded, textured
from tests.support.waiting import wait_until
from tests.support.web_server import Site
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sender(site: Site, tus: TusClient, batch: UploadBatch, cookie: str) -> Sender:
    """A client whose upload of the picture has been created but is still empty."""
    location = tus.create(batch.id, "big.jpg", len(PICTURE)).headers["location"]
    return Sender(site, cookie, location)


def test_server_killed_within_a_chunk_loses_at_most_that_chunk(site: Site, batch: UploadBatch, sender: Sender) -> None:
    kill_at = 2 * CHUNK + CHUNK // 3

    while (offset := sender.offset()) < len(PICTURE):
        chunk = PICTURE[offset : offset + CHUNK]
        if sender.sent <= kill_at < offset + len(chunk):
            connection = sender.begin(offset, chunk, kill_at - offset)
            site.kill()
            connection.close()
            site.start()
            kill_at = len(PICTURE)
        else:
            assert sender.patch(offset, chunk) == 204

    assert kill_at == len(PICTURE)
    assert sender.sent <= len(PICTURE) + CHUNK
    assert_complete(batch)


def test_server_killed_while_it_finalizes_a_file_loses_nothing(site: Site, batch: UploadBatch, sender: Sender) -> None:
    connection = sender.begin(0, PICTURE, len(PICTURE))  # returns without waiting for the response
    site.kill()
    connection.close()
    site.start()

    for _ in range(2):
        offset = sender.offset()
        if offset < len(PICTURE):
            assert sender.patch(offset, PICTURE[offset:]) == 204

    assert sender.sent <= 2 * len(PICTURE)
    assert_complete(batch)


@pytest.mark.parametrize("end", [1, CHUNK - 1])
def test_connection_closed_within_a_chunk_loses_at_most_that_chunk(
    batch: UploadBatch, sender: Sender, end: int
) -> None:
    sender.begin(0, PICTURE[:CHUNK], end).close()

    def send_rest() -> bool:
        offset = sender.offset()
        return sender.patch(offset, PICTURE[offset : offset + CHUNK]) == 204 and sender.offset() == len(PICTURE)

    wait_until(send_rest, 60)

    assert sender.sent <= len(PICTURE) + CHUNK
    assert_complete(batch)


def test_file_sent_over_many_broken_connections_is_complete(batch: UploadBatch, tus: TusClient) -> None:
    data = encoded(textured(16, 12), "JPEG")
    location = tus.create(batch.id, "small.jpg", len(data)).headers["location"]

    for offset in range(0, len(data), 19):
        tus.patch(location, offset, data[offset : offset + 19], declared=False, end="cut")

    assert tus.head(location).offset == len(data)
    assert Upload.objects.get().sha256 == hashlib.sha256(data).hexdigest()
