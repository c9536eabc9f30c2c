"""Who may delete a batch, and what is said before."""

import pytest
from django.contrib.auth.models import User

from batches import deletion, services
from batches.engine import arrive, reanalyse
from batches.models import UploadBatch
from tests.delete.stored import add, finish_all
from tests.people import make_person, make_staff
from tests.rows import fill

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("who", ["somebody else", "staff who may not"])
def test_batch_of_another_person_is_not_found(owner: User, who: str) -> None:
    batch = fill(owner, 1)
    user = make_person("ben") if who == "somebody else" else make_staff("viewer", "change_uploadbatch")

    with pytest.raises(services.NotFound):
        deletion.delete_batch(user, batch.id)

    assert UploadBatch.objects.get(id=batch.id).deleting_since is None


def test_staff_with_the_permission_deletes_any_batch(owner: User) -> None:
    batch = fill(owner, 1)

    assert deletion.delete_batch(make_staff("operator", "delete_uploadbatch"), batch.id)


def test_extent_counts_what_goes_and_what_stays(owner: User) -> None:
    batch, other = fill(owner, 4), fill(owner, 1, "Garden")
    finish_all(batch)
    arrive.seal_batch(batch.id)
    first = batch.items.order_by("id")[0].upload
    assert first is not None
    add(other, first)
    reanalyse.reanalyse_batch(batch.id)
    batch.refresh_from_db()

    assert deletion.extent_of(batch) == deletion.Extent(files=4, pictures=3, shared=1)
