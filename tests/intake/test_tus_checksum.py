"""The checksum extension: only proven bytes count, whatever happens while they come."""

from base64 import b64encode
from pathlib import Path

import pytest

from batches.intake.partial_paths import mark_unverified, partial_path
from batches.intake.tus.body import BUFFER_BYTES
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")
LARGE = JPEG + bytes(3 * BUFFER_BYTES)
WRONG = f"sha1 {b64encode(bytes(20)).decode()}"


def stored() -> bytes:
    with local_copy(Upload.objects.get().key) as path:
        return path.read_bytes()


def test_options_name_the_algorithms(tus: TusClient) -> None:
    assert tus.request("OPTIONS", "/tus/").headers["tus-checksum-algorithm"] == "sha1,sha256"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_right_checksum_is_taken(tus: TusClient, batch: UploadBatch, parts: Path, algorithm: str) -> None:
    location = tus.create_with(batch.id, "cat.jpg", len(LARGE), LARGE[:900], checksum=algorithm).headers["location"]

    answer = tus.patch(location, 900, LARGE[900:5000], LARGE[5000:], checksum=algorithm)

    assert (answer.status, answer.offset) == (204, len(LARGE))
    assert stored() == LARGE
    assert not list(parts.iterdir())


@pytest.mark.parametrize("data", [JPEG, LARGE], ids=["small", "large"])
def test_wrong_checksum_leaves_the_part_where_it_stood(
    tus: TusClient, batch: UploadBatch, parts: Path, data: bytes
) -> None:
    location = tus.create_with(batch.id, "cat.jpg", len(data), data[:900]).headers["location"]

    answer = tus.patch(location, 900, data[900:], checksum=WRONG)

    assert (answer.status, answer.text.partition(":")[0]) == (460, "tus.checksum")
    assert "upload-expires" in answer.headers
    assert [path.name for path in parts.iterdir()] == [location.rpartition("/")[2]]
    assert tus.head(location).offset == 900
    assert tus.patch(location, 900, data[900:], checksum="sha1").status == 204
    assert stored() == data


def test_wrong_checksum_of_a_creation_keeps_no_byte(tus: TusClient, batch: UploadBatch, parts: Path) -> None:
    answer = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG, checksum=WRONG)

    assert answer.status == 460
    assert not list(parts.iterdir())
    assert tus.create(batch.id, "cat.jpg", len(JPEG)).offset == 0
    assert not Upload.objects.exists()


def test_checksum_of_a_repeated_creation_covers_all_of_its_body(tus: TusClient, batch: UploadBatch) -> None:
    tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:900])

    answer = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG, checksum="sha256")

    assert (answer.status, answer.offset) == (201, len(JPEG))
    assert stored() == JPEG


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("md5 1B2M2Y8AsgTpgAmY7PhCfg==", "tus.checksum_algorithm"),
        ("crc32 AAAAAA==", "tus.checksum_algorithm"),
        ("sha1", "tus.checksum_header"),
        ("sha1 ?", "tus.checksum_header"),
        ("sha1 AAAA", "tus.checksum_header"),
        ("sha1 ü", "tus.checksum_header"),
    ],
)
def test_checksum_that_cannot_be_checked_is_refused(tus: TusClient, batch: UploadBatch, header: str, code: str) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}

    answer = tus.request("PATCH", location, headers | {"Upload-Checksum": header}, [JPEG])

    assert (answer.status, answer.text.partition(":")[0]) == (400, code)
    assert tus.head(location).offset == 0


def test_bytes_whose_checksum_was_cut_off_do_not_count(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create_with(batch.id, "cat.jpg", len(LARGE), LARGE[:900]).headers["location"]

    tus.patch(location, 900, LARGE[900 : 900 + 2 * BUFFER_BYTES], declared=False, checksum="sha1", end="cut")

    assert tus.head(location).offset == 900


def test_bytes_in_doubt_of_a_killed_server_do_not_count(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:900]).headers["location"]
    item = batch.items.get()
    mark_unverified(item.id, 900)  # what the process had written when it was killed
    with partial_path(item.id).open("ab") as part:
        part.write(bytes(len(JPEG) - 900))

    looked = tus.head(location)
    answer = tus.patch(location, 900, JPEG[900:])

    assert (looked.status, looked.offset, answer.status) == (200, 900, 204)
    assert stored() == JPEG
