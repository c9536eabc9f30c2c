"""Create rows for two users, Anna and Ben, to test that nobody else can access Anna's rows."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.engine import incoming
from batches.models import BatchItem, GuestLink, UploadBatch, Worker
from tests.support.batches import digest, make_batch, make_upload
from tests.support.failures import fail_stored, reject_file
from tests.support.users import make_user
from uploads.albums import add_pictures, create_album
from uploads.models import Album, NearDuplicate, PictureEdit, SavedSearch, ShareLink, Upload
from uploads.search.vocabulary import add_terms
from uploads.shares import create_link

# Strings in Anna's rows that no other user's page may show.
SECRETS = ("Zanzibar", "IMG_", "passport", "Kodak", "It is a text", "Timbuktu", "okapi", "safari")


@dataclass(frozen=True)
class AccessData:
    """Both users, Anna's rows, and Ben's batch (`own`) and album (`own_album`)."""

    anna: User
    ben: User
    batch: UploadBatch
    own: UploadBatch
    item: BatchItem
    receiving: BatchItem
    upload: Upload
    trashed: Upload
    edit: PictureEdit
    album: Album
    own_album: Album
    share: ShareLink
    guest_link: GuestLink

    @property
    def own_upload(self) -> Upload:
        """The picture in Ben's batch."""
        return Upload.objects.get(owner=self.ben)

    @property
    def duplicates(self) -> list[int]:
        """The ids of two of Anna's pictures that are near duplicates."""
        return list(NearDuplicate.objects.values_list("first_id", "second_id")[0])


def make_access_data() -> AccessData:
    anna, ben = make_user("anna"), make_user("ben")
    batch = make_batch(anna, 3, "Zanzibar")
    item = fail_stored(batch)
    reject_file(batch, "passport.txt")
    file = incoming.NewFile("passport.jpg", "passport.jpg", digest("passport"), 9)
    receiving, _ = incoming.register_item(batch.id, file)
    facts = {"camera": "Kodak", "place": "Timbuktu", "keywords": ["safari"], "labels": [{"name": "okapi", "score": 1}]}
    Upload.objects.update(previews={"320": "previews/there.jpg"}, processed_at=timezone.now(), **facts)
    add_terms(Upload.objects.values_list("id", flat=True))
    Worker.objects.create(host="passport", pid=1, threads=1)
    one, other = Upload.objects.filter(owner=anna).order_by("id")[:2]
    NearDuplicate.objects.create(owner=anna, first=one, second=other)
    SavedSearch.objects.create(owner=anna, query="Zanzibar")
    trashed = make_upload(anna, 99)
    Upload.objects.filter(id=trashed.id).update(trashed_at=timezone.now())
    trashed.refresh_from_db()
    edit = PictureEdit.objects.create(owner=anna, key="archived", changes=[[one.id, True, None]])
    mine = make_batch(ben, 1, "Mine")
    upload = Upload.objects.filter(owner=anna)[0]
    album, own_album = create_album(anna.id, "Zanzibar"), create_album(ben.id, "Mine")
    add_pictures(album, [upload.id])
    share = create_link(album, timezone.now() + timedelta(days=1), "", allows_originals=False)
    guests = GuestLink.objects.create(
        owner=anna, name="Zanzibar", expires_at=share.expires_at, max_files=1, max_bytes=1
    )
    return AccessData(anna, ben, batch, mine, item, receiving, upload, trashed, edit, album, own_album, share, guests)


def rows_of_anna() -> list[str]:
    """Return Anna's rows in these tables as text. Use a single query, because tests call this after each request."""
    owned = "WHERE owner_id = (SELECT id FROM auth_user WHERE username = 'anna')"
    conditions = {
        User: "WHERE username = 'anna'",
        BatchItem: f"WHERE batch_id IN (SELECT id FROM {UploadBatch._meta.db_table} {owned})",
        **dict.fromkeys((UploadBatch, Upload, Album, SavedSearch), owned),
        **dict.fromkeys((NearDuplicate, ShareLink, GuestLink, PictureEdit), ""),
    }
    query = " UNION ALL ".join(
        f"SELECT one::text FROM {model._meta.db_table} one {where}" for model, where in conditions.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return sorted(row for (row,) in cursor.fetchall())
