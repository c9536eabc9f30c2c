"""curl, as in the examples of the protocol, against the real server."""

import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from batches.models import UploadBatch
from tests.intake.sender import CHUNK, PICTURE, assert_whole, metadata
from tests.support.batches import assert_counters_true
from tests.support.web_server import Site

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = "Content-Type: application/offset+octet-stream"


@pytest.fixture
def curl(site: Site, cookie: str) -> "Curl":
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine: install it to run the tests with it")
    return Curl(site, cookie)


class Curl:
    """The program of that name; every answer is (status, headers)."""

    def __init__(self, site: Site, cookie: str) -> None:
        self._site = site
        self._usual = ["-H", "Tus-Resumable: 1.0.0", "-H", f"Cookie: {cookie}"]

    def __call__(self, path: str, *arguments: str) -> tuple[int, dict[str, str]]:
        command = ["curl", "-sS", "-D", "-", "-o", "/dev/null", "--max-time", "30", *self._usual, *arguments]
        done = subprocess.run([*command, f"{self._site.address}{path}"], capture_output=True, text=True, check=True)
        # After a "100 Continue" the real answer is the last block.
        head, *lines = done.stdout.strip().split("\n\n")[-1].splitlines()
        pairs = (line.split(":", 1) for line in lines)
        return int(head.split()[1]), {name.lower(): value.strip() for name, value in pairs}


def creation(batch: UploadBatch) -> list[str]:
    """The headers of a creation as arguments."""
    pairs = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata(batch).items())
    return ["-X", "POST", "-H", f"Upload-Length: {len(PICTURE)}", "-H", f"Upload-Metadata: {pairs}"]


def test_curl_sends_a_whole_file_with_its_creation(curl: Curl, batch: UploadBatch, file: Path) -> None:
    status, headers = curl("/tus/", *creation(batch), "-H", CONTENT, "--data-binary", f"@{file}")

    assert (status, headers["upload-offset"]) == (201, str(len(PICTURE)))
    assert_whole(batch)


def test_curl_sends_in_pieces_asks_and_proves(curl: Curl, batch: UploadBatch, tmp_path: Path) -> None:
    (tmp_path / "first").write_bytes(PICTURE[:CHUNK])
    (tmp_path / "rest").write_bytes(PICTURE[CHUNK:])
    options = curl("/tus/", "-X", "OPTIONS")
    created = curl("/tus/", *creation(batch))
    path = created[1]["location"]
    patch = ["-X", "PATCH", "-H", CONTENT]

    first = curl(path, *patch, "-H", "Upload-Offset: 0", "--data-binary", f"@{tmp_path / 'first'}")
    looked = curl(path, "--head")
    wrong = curl(path, *patch, "-H", "Upload-Offset: 5", "--data-binary", f"@{tmp_path / 'rest'}")
    rest = curl(path, *patch, "-H", f"Upload-Offset: {CHUNK}", "--data-binary", f"@{tmp_path / 'rest'}")

    assert "creation-with-upload" in options[1]["tus-extension"]
    assert [answer[0] for answer in (options, created, first, looked, wrong, rest)] == [204, 201, 204, 200, 409, 204]
    assert (looked[1]["upload-offset"], looked[1]["upload-length"]) == (str(CHUNK), str(len(PICTURE)))
    assert "upload-expires" in looked[1]
    assert_whole(batch)


def test_curl_gives_up(curl: Curl, batch: UploadBatch) -> None:
    path = curl("/tus/", *creation(batch))[1]["location"]

    assert curl(path, "-X", "DELETE")[0] == 204
    assert curl(path, "--head")[0] == 410
    assert_counters_true(batch)
