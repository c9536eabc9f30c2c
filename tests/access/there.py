"""What is one person's, while others stand before every door."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from batches.engine import incoming
from batches.models import BatchItem, UploadBatch, Worker
from tests.support.batches import digest, fill
from tests.support.failures import fail_stored, reject_file
from tests.support.users import make_user
from uploads.models import Upload

SECRETS = ("Zanzibar", "IMG_", "passport", "Kodak", "It is a text")


@dataclass(frozen=True)
class There:
    """What is Anna's, and Ben's own batch."""

    anna: User
    ben: User
    batch: UploadBatch
    own: UploadBatch
    item: BatchItem
    coming: BatchItem
    upload: Upload


def make_there() -> There:
    """A batch of Anna with files that wait, that failed and that come; pictures with previews; a batch of Ben."""
    anna, ben = make_user("anna"), make_user("ben")
    batch = fill(anna, 3, "Zanzibar")
    item = fail_stored(batch)
    reject_file(batch, "passport.txt")
    coming, _ = incoming.register_item(batch.id, incoming.NewFile("passport.jpg", "passport.jpg", digest("coming"), 9))
    Upload.objects.update(previews={"320": "previews/there.jpg"}, camera="Kodak", processed_at=timezone.now())
    Worker.objects.create(host="passport", pid=1, threads=1)
    return There(anna, ben, batch, fill(ben, 1, "Mine"), item, coming, Upload.objects.filter(owner=anna)[0])


def rows() -> list[Any]:
    """All rows of Anna's."""
    return [
        list(User.objects.filter(username="anna").values()),
        list(UploadBatch.all_objects.filter(owner__username="anna").values()),
        list(BatchItem.objects.filter(batch__owner__username="anna").order_by("id").values()),
        list(Upload.objects.filter(owner__username="anna").order_by("id").values()),
    ]
