"""tuspy, a client of others, against the real server."""

import threading
from pathlib import Path

import pytest
from tusclient.client import TusClient as Tuspy

from batches.models import UploadBatch
from tests.intake.sender import CHUNK, PICTURE, assert_whole, metadata
from tests.support.web_server import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("checksum", [False, True])
def test_tuspy_sends_a_file_in_chunks(site: Site, batch: UploadBatch, cookie: str, file: Path, checksum: bool) -> None:
    client = Tuspy(f"{site.address}/tus/", headers={"Cookie": cookie})

    with file.open("rb") as stream:
        sending = client.uploader(
            file_stream=stream, chunk_size=CHUNK, metadata=metadata(batch), upload_checksum=checksum
        )
        sending.upload()

    assert sending.offset == len(PICTURE)
    assert_whole(batch)


def test_tuspy_goes_on_by_the_address_alone(site: Site, batch: UploadBatch, cookie: str, file: Path) -> None:
    client = Tuspy(f"{site.address}/tus/", headers={"Cookie": cookie})

    with file.open("rb") as stream:
        first = client.uploader(file_stream=stream, chunk_size=CHUNK, metadata=metadata(batch))
        first.upload(stop_at=CHUNK)
        second = client.uploader(file_stream=stream, chunk_size=CHUNK, url=first.url)
        found = second.offset
        second.upload()

    assert found == CHUNK
    assert_whole(batch)


def test_tuspy_survives_a_server_that_is_killed(site: Site, batch: UploadBatch, cookie: str, file: Path) -> None:
    client = Tuspy(f"{site.address}/tus/", headers={"Cookie": cookie})

    with file.open("rb") as stream:
        sending = client.uploader(
            file_stream=stream, chunk_size=CHUNK, metadata=metadata(batch), retries=30, retry_delay=1
        )
        sending.upload(stop_at=CHUNK)
        # The server must be started by this thread: it ends with the one that started it.
        rest = threading.Thread(target=sending.upload)
        rest.start()
        site.kill()
        site.start()
        rest.join(60)

    assert_whole(batch)
