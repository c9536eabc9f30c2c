"""Files are refused if their first bytes are of an unsupported type, or if they were refused before."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from batches.engine import lifecycle
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.intake.tus_client import Answer, TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.users import make_user
from uploads.media.sniff import HEAD_BYTES

pytestmark = pytest.mark.django_db(transaction=True)
VIDEO = b"FLV\1\5\0\0\0\x09" + bytes(HEAD_BYTES)
SIZE = 4 * 2**30
PICTURE = encoded(textured(32, 24), "JPEG") + bytes(HEAD_BYTES)


def code(answer: Answer) -> str:
    return answer.text.partition(":")[0]


def assert_refused(batch: UploadBatch, partial_root: Path) -> None:
    item = batch.items.get()
    assert (item.status, item.error_code) == (ItemStatus.FAILED, "file.unsupported")
    assert "video/x-flv" in item.error_message
    assert not list(partial_root.glob("*"))
    assert_counters_match(batch)


def test_video_is_refused_by_its_head(tus: TusClient, batch: UploadBatch, partial_root: Path) -> None:
    location = tus.create(batch.id, "a.flv", SIZE).headers["location"]

    first = tus.patch(location, 0, VIDEO[: HEAD_BYTES - 1])
    second = tus.patch(location, HEAD_BYTES - 1, VIDEO[HEAD_BYTES - 1 :])

    assert (first.status, second.status, code(second)) == (204, 422, "file.unsupported")
    assert_refused(batch, partial_root)


def test_long_body_is_refused_before_its_end(tus: TusClient, batch: UploadBatch, partial_root: Path) -> None:
    location = tus.create(batch.id, "a.flv", SIZE).headers["location"]

    answer = tus.patch(location, 0, *[VIDEO] * 40, declared=False)

    assert (answer.status, code(answer)) == (422, "file.unsupported")
    assert_refused(batch, partial_root)


def test_creation_with_the_head_of_a_video_is_refused(tus: TusClient, batch: UploadBatch, partial_root: Path) -> None:
    answer = tus.create_with(batch.id, "a.flv", SIZE, VIDEO)

    assert (answer.status, code(answer)) == (422, "file.unsupported")
    assert_refused(batch, partial_root)


def test_damaged_bytes_refuse_nothing(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "a.jpg", SIZE).headers["location"]

    answer = tus.patch(location, 0, VIDEO, checksum="sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    verified = tus.patch(location, 0, VIDEO, checksum="sha256")

    assert (answer.status, verified.status, code(verified)) == (460, 422, "file.unsupported")


def test_picture_continues_after_its_head(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "a.jpg", len(PICTURE)).headers["location"]

    first = tus.patch(location, 0, PICTURE[:-1])
    last = tus.patch(location, len(PICTURE) - 1, PICTURE[-1:])

    assert (first.status, last.status) == (204, 204)
    assert batch.items.get().status == ItemStatus.PENDING


def test_video_refused_before_is_refused_at_its_creation(
    tus: TusClient, ada: User, batch: UploadBatch, partial_root: Path
) -> None:
    tus.patch(tus.create(batch.id, "a.flv", SIZE).headers["location"], 0, VIDEO)
    again = lifecycle.open_batch(ada.id, "Again")

    answers = [tus.create(one.id, "a.flv", SIZE) for one in (batch, again)]

    assert [(answer.status, code(answer)) for answer in answers] == [(422, "file.unsupported")] * 2
    assert_refused(again, partial_root)


@pytest.mark.parametrize("change", [{"last_modified": "2000"}, {"relative_path": "Other/a.flv"}])
def test_file_with_another_path_or_time_is_checked_again(
    tus: TusClient, ada: User, batch: UploadBatch, change: dict[str, str]
) -> None:
    tus.patch(tus.create(batch.id, "a.flv", SIZE).headers["location"], 0, VIDEO)

    assert tus.create(lifecycle.open_batch(ada.id, "Again").id, "a.flv", SIZE, **change).status == 201


def test_refusals_of_other_owners_do_not_count(tus: TusClient, batch: UploadBatch) -> None:
    tus.patch(tus.create(batch.id, "a.flv", SIZE).headers["location"], 0, VIDEO)
    bob = make_user("bob")

    assert TusClient(bob).create(lifecycle.open_batch(bob.id, "His").id, "a.flv", SIZE).status == 201


def test_refusal_by_a_version_with_fewer_supported_types_does_not_count(
    tus: TusClient, ada: User, batch: UploadBatch
) -> None:
    tus.patch(tus.create(batch.id, "a.flv", SIZE).headers["location"], 0, VIDEO)
    BatchItem.objects.update(error_message="This is a video, which cannot be read here. Please send JPEG pictures.")

    assert tus.create(lifecycle.open_batch(ada.id, "Again").id, "a.flv", SIZE).status == 201
