"""With the checksum extension, only verified bytes count, even if the server is killed or the connection breaks."""

from base64 import b64encode

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


def test_options_list_the_algorithms(tus: TusClient) -> None:
    assert tus.request("OPTIONS", "/tus/").headers["tus-checksum-algorithm"] == "sha1,sha256"


def test_bytes_cut_off_before_their_checksum_do_not_count(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create_with(batch.id, "cat.jpg", len(LARGE), LARGE[:900]).headers["location"]

    tus.patch(location, 900, LARGE[900 : 900 + 2 * BUFFER_BYTES], declared=False, checksum="sha1", end="cut")

    assert tus.head(location).offset == 900


def test_unverified_bytes_of_a_killed_server_do_not_count(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:900]).headers["location"]
    item = batch.items.get()
    mark_unverified(item.id, 900)  # the marker left by a process that is killed before verifying the bytes
    with partial_path(item.id).open("ab") as partial:
        partial.write(bytes(len(JPEG) - 900))

    head = tus.head(location)
    answer = tus.patch(location, 900, JPEG[900:])

    assert (head.status, head.offset, answer.status) == (200, 900, 204)
    assert stored() == JPEG
