"""If an import added no new pictures, its page, the list of imports and the e-mail say so."""

from django.contrib.auth.models import User
from django.test import Client

from batches.engine import incoming, lifecycle
from batches.models import UploadBatch
from batches.worker.completion_emails import _build
from tests.support.batches import digest, make_upload
from tests.support.html import compact

NOTHING_NEW = "Nothing new: all 50 files were already in your library."


def add_known(owner: User, files: int) -> UploadBatch:
    """Create a sealed import whose files were all already in the library."""
    batch = lifecycle.open_batch(owner.id, "Iceland")
    for number in range(files):
        item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", digest(number), 10))
        incoming.complete_duplicate(item.id, make_upload(owner, number).id)
    lifecycle.seal_batch(batch.id)
    batch.refresh_from_db()
    return batch


def shown(page: Client, batch: UploadBatch) -> list[str]:
    """Return the batch page, the batch list and the e-mail."""
    mail = _build(batch)[2]
    return [compact(page.get(path).content.decode()) for path in (f"/batches/{batch.id}/", "/batches/")] + [mail]


def test_import_of_known_files_says_that_nothing_is_new(page: Client, anna: User) -> None:
    texts = shown(page, add_known(anna, 50))

    assert [NOTHING_NEW in text for text in texts] == [True, True, True]
    assert ["described" in text for text in texts[1:]] == [False, False]


def test_import_with_one_new_file_counts_the_described_files(page: Client, anna: User) -> None:
    batch = add_known(anna, 50)
    batch.items.filter(id=batch.items.latest("id").id).update(result="new")
    UploadBatch.objects.filter(id=batch.id).update(duplicates=49)
    batch.refresh_from_db()

    texts = shown(page, batch)

    assert not any("Nothing new" in text for text in texts)
    assert "50 of 50 files described" in texts[1]
