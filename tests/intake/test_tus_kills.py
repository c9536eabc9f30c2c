"""Connections that are cut and servers that are killed at any byte: every file arrives whole."""

import hashlib
import random

import pytest

from batches.models import UploadBatch
from tests.intake.sender import CHUNK, PICTURE, Sender, assert_whole
from tests.intake.tus_client import TusClient
from tests.support.images import encoded, textured
from tests.support.waiting import wait_until
from tests.support.web_server import Site
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_server_killed_at_any_byte_costs_one_chunk_at_most(
    site: Site, batch: UploadBatch, tus: TusClient, cookie: str, seed: int
) -> None:
    chance = random.Random(seed)
    location = tus.create(batch.id, "big.jpg", len(PICTURE)).headers["location"]
    sender = Sender(site, cookie, location)
    killed_at = chance.randrange(len(PICTURE))

    while (offset := sender.offset()) < len(PICTURE):
        chunk = PICTURE[offset : offset + CHUNK]
        if sender.sent <= killed_at < offset + len(chunk):
            cut = sender.begin(offset, chunk, killed_at - offset)
            site.kill()
            cut.close()
            site.start()
            killed_at = len(PICTURE)
        else:
            assert sender.patch(offset, chunk) == 204

    assert killed_at == len(PICTURE)
    assert sender.sent <= len(PICTURE) + CHUNK
    assert_whole(batch)


def test_server_killed_while_it_ends_a_file_loses_nothing(
    site: Site, batch: UploadBatch, tus: TusClient, cookie: str
) -> None:
    location = tus.create(batch.id, "big.jpg", len(PICTURE)).headers["location"]
    sender = Sender(site, cookie, location)
    asked = sender.begin(0, PICTURE, len(PICTURE))  # and nobody waits for the answer
    site.kill()
    asked.close()
    site.start()

    for _ in range(2):
        offset = sender.offset()
        if offset < len(PICTURE):
            assert sender.patch(offset, PICTURE[offset:]) == 204

    assert sender.sent <= 2 * len(PICTURE)
    assert_whole(batch)


@pytest.mark.parametrize("end", [1, 777, CHUNK - 1])
def test_connection_cut_within_a_chunk_costs_that_chunk_at_most(
    site: Site, batch: UploadBatch, tus: TusClient, cookie: str, end: int
) -> None:
    location = tus.create(batch.id, "big.jpg", len(PICTURE)).headers["location"]
    sender = Sender(site, cookie, location)
    sender.begin(0, PICTURE[:CHUNK], end).close()

    def send_rest() -> bool:
        offset = sender.offset()
        return sender.patch(offset, PICTURE[offset : offset + CHUNK]) == 204 and sender.offset() == len(PICTURE)

    wait_until(send_rest, 20)

    assert sender.sent <= len(PICTURE) + CHUNK
    assert_whole(batch)


def test_cut_after_every_byte_still_brings_the_file(batch: UploadBatch, tus: TusClient) -> None:
    data = encoded(textured(16, 12), "JPEG")
    location = tus.create(batch.id, "small.jpg", len(data)).headers["location"]

    for offset in range(len(data)):
        tus.patch(location, offset, data[offset : offset + 1], declared=False, end="cut")

    assert tus.head(location).offset == len(data)
    assert Upload.objects.get().sha256 == hashlib.sha256(data).hexdigest()
