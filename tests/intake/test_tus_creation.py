"""One request can create an upload and send its first bytes or the whole file. Repeating the request is safe."""

import pytest

from batches.intake.partial_paths import partial_path
from batches.intake.tus.body import BUFFER_BYTES
from batches.models import BatchItem, UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")
LARGE = JPEG + bytes(3 * BUFFER_BYTES)


def stored() -> bytes:
    with local_copy(Upload.objects.get().key) as path:
        return path.read_bytes()


@pytest.mark.parametrize("data", [JPEG, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("declared", [True, False])
def test_whole_file_is_received_with_its_creation(
    tus: TusClient, batch: UploadBatch, data: bytes, declared: bool
) -> None:
    answer = tus.create_with(batch.id, "cat.jpg", len(data), data[:9000], data[9000:], declared=declared)

    item = batch.items.get()
    assert (answer.status, answer.offset) == (201, len(data))
    assert answer.headers["location"] == f"/tus/{item.id}"
    assert "upload-expires" not in answer.headers
    assert item.status == "pending"
    assert stored() == data
    assert not partial_path(item.id).exists()
    assert_counters_match(batch)


def test_first_bytes_are_kept_and_the_rest_follows(tus: TusClient, batch: UploadBatch) -> None:
    created = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:1000])
    answer = tus.patch(created.headers["location"], 1000, JPEG[1000:])

    assert (created.status, created.offset, answer.status) == (201, 1000, 204)
    assert stored() == JPEG


@pytest.mark.parametrize("declared", [True, False])
def test_interrupted_creation_resumes_when_repeated(tus: TusClient, batch: UploadBatch, declared: bool) -> None:
    gone = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:700], declared=False, end="cut")
    kept = partial_path(batch.items.get().id).read_bytes()
    answer = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:300], JPEG[300:], declared=declared)

    assert (gone.status, kept) == (0, JPEG[:700])
    assert (answer.status, answer.offset) == (201, len(JPEG))
    assert stored() == JPEG


def test_disconnect_within_a_small_body_keeps_what_was_received(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0", "Content-Length": "5000"}

    gone = tus.request("PATCH", location, headers, [JPEG[:2000], JPEG[2000:2500]], end="cut")

    assert (gone.status, tus.head(location).offset) == (0, 2500)


def test_shorter_repeated_creation_changes_nothing(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:1000]).headers["location"]

    again = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:10])

    assert (again.status, again.offset) == (201, 1000)
    assert tus.patch(location, 1000, JPEG[1000:]).status == 204
    assert stored() == JPEG


def test_repeated_creation_of_a_complete_file_is_drained(tus: TusClient, batch: UploadBatch) -> None:
    tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG)

    again = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG, declared=False)

    assert (again.status, again.offset) == (201, len(JPEG))
    assert (Upload.objects.count(), batch.items.count()) == (1, 1)
    assert_counters_match(batch)


def test_body_with_another_content_type_is_refused(tus: TusClient, batch: UploadBatch) -> None:
    headers = {"Upload-Length": "5", "Upload-Metadata": "batch MQ==,filename YQ==", "Content-Length": "5"}

    answer = tus.request("POST", "/tus/", headers, [b"hello"])

    assert (answer.status, answer.text.partition(":")[0]) == (415, "tus.content_type")
    assert not BatchItem.objects.exists()


def test_body_longer_than_the_file_is_refused(tus: TusClient, batch: UploadBatch) -> None:
    declared = tus.create_with(batch.id, "cat.jpg", 10, JPEG)
    undeclared = tus.create_with(batch.id, "cat.jpg", 10, JPEG[:5], JPEG[5:], declared=False)

    assert (declared.status, undeclared.status) == (413, 413)
    assert tus.create(batch.id, "cat.jpg", 10).offset == 0


def test_unsupported_content_is_refused_in_the_same_request(tus: TusClient, batch: UploadBatch) -> None:
    answer = tus.create_with(batch.id, "notes.txt", 10, b"milk, eggs")

    assert (answer.status, answer.text.partition(":")[0]) == (422, "file.unsupported")
    assert_counters_match(batch)


def test_method_override_header_is_respected(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}

    answer = tus.request("POST", location, headers | {"X-HTTP-Method-Override": "PATCH"}, [JPEG])

    assert (answer.status, stored()) == (204, JPEG)


def test_head_returns_the_metadata(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG), relative_path="Cats/cat.jpg").headers["location"]

    pairs = dict(pair.split(" ") for pair in tus.head(location).headers["upload-metadata"].split(","))

    assert (pairs["filename"], pairs["relative_path"]) == ("Y2F0LmpwZw==", "Q2F0cy9jYXQuanBn")


def test_withdrawn_file_can_be_created_again(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:1000]).headers["location"]
    tus.request("DELETE", location)

    gone = tus.patch(location, 1000, JPEG[1000:])
    again = tus.create(batch.id, "cat.jpg", len(JPEG))

    assert (gone.status, again.status, again.offset) == (410, 201, 0)
    assert_counters_match(batch)
