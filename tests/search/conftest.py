"""Pictures to search, with vectors from the real text model."""

import math
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from batches.models import UploadBatch
from tests.support.batches import make_batch, make_upload
from tests.support.users import make_user
from uploads.analysis.base import QueryEncoder
from uploads.analysis.registry import get_query_encoder
from uploads.models import Embedding, Upload
from uploads.search import vector_index

MakePicture = Callable[..., Upload]


@pytest.fixture(scope="session")
def encoder() -> QueryEncoder:
    """The query encoder for pictures whose vectors come from the local analyzer."""
    found = get_query_encoder("local")
    assert found is not None
    return found


@pytest.fixture
def anna(db: None) -> User:
    """The user who searches."""
    return make_user("anna")


@pytest.fixture
def exact_rows(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """A function that sets EXACT_ROWS, the largest number of vectors that an owner can have without an index.

    All vector indexes are dropped after the test.
    """

    def set_limit(rows: int) -> None:
        monkeypatch.setattr(vector_index, "EXACT_ROWS", rows)

    yield set_limit
    Embedding.objects.all().delete()
    vector_index.maintain_indexes()


def add_to_import(owner: User, name: str, *pictures: Upload) -> UploadBatch:
    """Create an import that contains `pictures`."""
    batch = make_batch(owner, len(pictures), name)
    for item, picture in zip(batch.items.all(), pictures, strict=True):
        batch.items.filter(id=item.id).update(upload=picture)
    return batch


@pytest.fixture
def make_picture(anna: User, encoder: QueryEncoder) -> MakePicture:
    """A function that creates a processed picture with the vector of a phrase: `make_picture("a cat", camera=…)`."""
    numbers = iter(range(1, 1000))

    def make(shows: str, owner: User = anna, **facts: object) -> Upload:
        upload = make_upload(owner, next(numbers))
        Upload.objects.filter(id=upload.id).update(processed_at=timezone.now(), **facts)
        vector = encoder.embed_query(shows).numbers
        length = math.hypot(*vector)
        Embedding.objects.create(
            upload=upload, owner_id=owner.id, model=encoder.model, vector=[number / length for number in vector]
        )
        return Upload.objects.get(id=upload.id)

    return make
