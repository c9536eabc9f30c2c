"""The third-party clients curl and tuspy work with the real server."""

import shutil
import subprocess
import threading
from base64 import b64encode
from pathlib import Path

import pytest
from tusclient.client import TusClient as Tuspy

from batches.models import UploadBatch
from tests.intake.resuming_client import CHUNK, PICTURE, assert_complete, metadata
from tests.support.batches import assert_counters_match
from tests.support.web_server import Site

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = "Content-Type: application/offset+octet-stream"


@pytest.fixture
def curl(site: Site, cookie: str) -> "Curl":
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return Curl(site, cookie)


class Curl:
    """Calls curl. Each call sends one request and returns the status and the headers of the response."""

    def __init__(self, site: Site, cookie: str) -> None:
        self._site = site
        self._headers = ["-H", "Tus-Resumable: 1.0.0", "-H", f"Cookie: {cookie}"]

    def __call__(self, path: str, *arguments: str) -> tuple[int, dict[str, str]]:
        command = ["curl", "-sS", "-D", "-", "-o", "/dev/null", "--max-time", "30", *self._headers, *arguments]
        done = subprocess.run([*command, f"{self._site.address}{path}"], capture_output=True, text=True, check=True)
        # If there is a "100 Continue", the actual response follows, so take the last block.
        first, *lines = done.stdout.strip().split("\n\n")[-1].splitlines()
        pairs = (line.split(":", 1) for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, value in pairs}


def creation(batch: UploadBatch) -> list[str]:
    """Return curl's arguments for the request that creates an upload."""
    pairs = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata(batch).items())
    return ["-X", "POST", "-H", f"Upload-Length: {len(PICTURE)}", "-H", f"Upload-Metadata: {pairs}"]


def test_curl_sends_a_whole_file_with_its_creation(curl: Curl, batch: UploadBatch, file: Path) -> None:
    status, headers = curl("/tus/", *creation(batch), "-H", CONTENT, "--data-binary", f"@{file}")

    assert (status, headers["upload-offset"]) == (201, str(len(PICTURE)))
    assert_complete(batch)


def test_curl_sends_in_pieces(curl: Curl, batch: UploadBatch, tmp_path: Path) -> None:
    (tmp_path / "first").write_bytes(PICTURE[:CHUNK])
    (tmp_path / "rest").write_bytes(PICTURE[CHUNK:])
    options = curl("/tus/", "-X", "OPTIONS")
    created = curl("/tus/", *creation(batch))
    path = created[1]["location"]
    patch = ["-X", "PATCH", "-H", CONTENT]

    first = curl(path, *patch, "-H", "Upload-Offset: 0", "--data-binary", f"@{tmp_path / 'first'}")
    head = curl(path, "--head")
    wrong = curl(path, *patch, "-H", "Upload-Offset: 5", "--data-binary", f"@{tmp_path / 'rest'}")
    rest = curl(path, *patch, "-H", f"Upload-Offset: {CHUNK}", "--data-binary", f"@{tmp_path / 'rest'}")

    assert "creation-with-upload" in options[1]["tus-extension"]
    assert [answer[0] for answer in (options, created, first, head, wrong, rest)] == [204, 201, 204, 200, 409, 204]
    assert (head[1]["upload-offset"], head[1]["upload-length"]) == (str(CHUNK), str(len(PICTURE)))
    assert "upload-expires" in head[1]
    assert_complete(batch)


def test_curl_withdraws(curl: Curl, batch: UploadBatch) -> None:
    path = curl("/tus/", *creation(batch))[1]["location"]

    assert curl(path, "-X", "DELETE")[0] == 204
    assert curl(path, "--head")[0] == 410
    assert_counters_match(batch)


@pytest.mark.parametrize("checksum", [False, True])
def test_tuspy_sends_a_file_in_chunks(site: Site, batch: UploadBatch, cookie: str, file: Path, checksum: bool) -> None:
    client = Tuspy(f"{site.address}/tus/", headers={"Cookie": cookie})

    with file.open("rb") as stream:
        uploader = client.uploader(
            file_stream=stream, chunk_size=CHUNK, metadata=metadata(batch), upload_checksum=checksum
        )
        uploader.upload()

    assert uploader.offset == len(PICTURE)
    assert_complete(batch)


def test_tuspy_resumes_at_the_url(site: Site, batch: UploadBatch, cookie: str, file: Path) -> None:
    client = Tuspy(f"{site.address}/tus/", headers={"Cookie": cookie})

    with file.open("rb") as stream:
        first = client.uploader(file_stream=stream, chunk_size=CHUNK, metadata=metadata(batch))
        first.upload(stop_at=CHUNK)
        second = client.uploader(file_stream=stream, chunk_size=CHUNK, url=first.url)
        offset = second.offset
        second.upload()

    assert offset == CHUNK
    assert_complete(batch)


def test_tuspy_survives_a_killed_server(site: Site, batch: UploadBatch, cookie: str, file: Path) -> None:
    client = Tuspy(f"{site.address}/tus/", headers={"Cookie": cookie})

    with file.open("rb") as stream:
        uploader = client.uploader(
            file_stream=stream, chunk_size=CHUNK, metadata=metadata(batch), retries=200, retry_delay=1
        )
        uploader.upload(stop_at=CHUNK)
        # The server is stopped when the thread that started it ends, so start it here and upload in another thread.
        rest = threading.Thread(target=uploader.upload)
        rest.start()
        site.kill()
        site.start()
        rest.join(200)

    assert_complete(batch)
