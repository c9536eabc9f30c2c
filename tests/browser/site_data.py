"""Create batches in every state, a library, failures and links, for tests that visit all pages."""

import io
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from batches.engine import cancel, claim, finish_item, lifecycle, pause
from batches.models import GuestLink, UploadBatch
from batches.models.states import ItemStatus
from tests.support.batches import make_batch
from tests.support.failures import LOST_WORKER, fail_stored, reject_file
from tests.support.images import SAMPLES
from uploads.albums import add_pictures, create_album
from uploads.models import NearDuplicate, SavedSearch, SearchTerm, ShareLink, Upload
from uploads.shares import create_link
from uploads.storage import save_previews

PHOTOS = {
    "coffee.jpg": "A cup of coffee on a wooden table.",
    "chelsea.jpg": "A tabby cat looks up.",
    "rocket.jpg": "A rocket leaves its tower at night.",
    "astronaut.jpg": "A woman in an orange suit in front of a flag.",
    "hubble_deep_field.jpg": "Hundreds of galaxies on black.",
}
LABELS = [{"name": "table", "score": 0.9}, {"name": "still life", "score": 0.7}]
ADVICE = "The picture is incomplete: the end of the file is missing."
MISTAKE = "An internal error occurred while processing this file."


@dataclass(frozen=True)
class SiteData:
    """Two users, and the batches and links of `owner`. `newcomer` has no batches."""

    owner: User
    newcomer: User
    running: UploadBatch
    paused: UploadBatch
    cancelled: UploadBatch
    completed: UploadBatch
    receiving: UploadBatch
    link: ShareLink
    locked_link: ShareLink
    guest_link: GuestLink

    @property
    def picture(self) -> Upload:
        """A picture in the library."""
        return Upload.objects.filter(owner=self.owner, processed_at__isnull=False).order_by("id")[0]

    @property
    def described_item(self) -> int:
        """The id of a file in the completed batch; the file's picture is in the library."""
        return self.completed.items.filter(status=ItemStatus.COMPLETED).order_by("id")[0].id

    @property
    def failed_item(self) -> int:
        """The id of a file in the completed batch; the file can be retried."""
        return self.completed.items.filter(status=ItemStatus.FAILED).order_by("id")[0].id


def make_site_data(owner: User, newcomer: User) -> SiteData:
    """Create all batches, failures, search data and links for `owner`, who becomes a superuser."""
    User.objects.filter(id=owner.id).update(is_staff=True, is_superuser=True)
    owner.refresh_from_db()
    completed = make_batch(owner, 6, "Norway")
    fail_stored(completed, "item.internal", MISTAKE)
    reject_file(completed, "notes/what we ate and where we slept.txt")
    describe(completed, 5)
    lifecycle.seal_batch(completed.id)
    stopped = {name: make_batch(owner, 3, name) for name in ("A weekend in the Harz", "Scans")}
    for batch in stopped.values():
        describe(batch, 1)
    assert pause.pause_batch(stopped["A weekend in the Harz"].id)
    assert cancel.cancel_batch(stopped["Scans"].id)
    add_search_data(owner)
    link, locked_link = share_album(owner)
    return SiteData(
        owner=owner,
        newcomer=newcomer,
        running=running_batch(owner),
        paused=stopped["A weekend in the Harz"],
        cancelled=stopped["Scans"],
        completed=completed,
        receiving=lifecycle.open_batch(owner.id, "Nothing yet", expected_items=3),
        link=link,
        locked_link=locked_link,
        guest_link=GuestLink.objects.create(
            owner=owner, name="Wedding", expires_at=link.expires_at, max_files=1000, max_bytes=2**30
        ),
    )


def share_album(owner: User) -> tuple[ShareLink, ShareLink]:
    """Create an album, with a link that allows downloads and one with a password."""
    album = create_album(owner.id, "Norway")
    add_pictures(
        album, list(Upload.objects.filter(owner=owner, processed_at__isnull=False).values_list("id", flat=True))
    )
    until = timezone.now() + timedelta(days=30)
    return (
        create_link(album, until, "", allows_originals=True),
        create_link(album, until, "password", allows_originals=False),
    )


def add_search_data(owner: User) -> None:
    """Make two pictures near duplicates of each other, and add search terms and a saved search."""
    one, other = Upload.objects.filter(owner=owner, processed_at__isnull=False).order_by("id")[:2]
    NearDuplicate.objects.create(owner=owner, first=one, second=other)
    SearchTerm.objects.create(owner=owner, kind=SearchTerm.Kind.CAMERA, text="Fujifilm X-T4")
    SavedSearch.objects.create(owner=owner, query="cat type:photo")


def running_batch(owner: User) -> UploadBatch:
    """Create a batch of 12 files: 5 described, 2 failed, 3 in progress, 2 pending."""
    batch = make_batch(owner, 12, "Iceland, ring road")
    fail_stored(batch, "image.truncated", ADVICE)
    fail_stored(batch, "item.internal", MISTAKE)
    describe(batch, 5)
    for _ in range(3):
        claim.claim_item(batch.id, LOST_WORKER)
    batch.refresh_from_db()
    return batch


def describe(batch: UploadBatch, files: int) -> None:
    """Complete `files` pending files, each with previews of a sample photo."""
    for number in range(files):
        claimed = claim.claim_item(batch.id, LOST_WORKER)
        assert claimed is not None
        upload = Upload.objects.get(items=claimed.item_id)
        photo, sentence = list(PHOTOS.items())[number % len(PHOTOS)]
        upload.previews = save_previews(upload.key, {side: scaled(photo, side) for side in (320, 1024)})
        upload.description, upload.labels, upload.processed_at = sentence, LABELS, timezone.now()
        with Image.open(SAMPLES / photo) as image:
            upload.width, upload.height = image.size
        upload.camera, upload.taken_at = "Fujifilm X-T4", timezone.now()
        upload.save()
        assert finish_item.complete_item(claimed)
    batch.refresh_from_db()


@cache
def scaled(photo: str, side: int) -> bytes:
    """Return a sample photo as a JPEG whose longer side is at most `side`."""
    with Image.open(SAMPLES / photo) as image:
        image.thumbnail((side, side))
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()
