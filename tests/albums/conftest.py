"""Fixtures: Anna, a client signed in as Anna, an album of two processed pictures, and a share link to it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from tests.support.batches import make_upload
from tests.support.users import make_user
from uploads.albums import add_pictures, create_album
from uploads.models import Album, ShareLink, Upload
from uploads.shares import create_link
from uploads.storage import original_name, save_previews


@pytest.fixture
def anna(db: None) -> User:
    return make_user("anna")


@pytest.fixture
def page(client: Client, anna: User) -> Client:
    """A client signed in as Anna."""
    client.force_login(anna)
    return client


def make_picture(owner: User, number: int) -> Upload:
    """Create a processed picture with an original and previews."""
    upload = make_upload(owner, number)
    default_storage.save(original_name(upload.key), ContentFile(b"original"))
    upload.previews = save_previews(upload.key, {320: b"small", 1024: b"large"})
    upload.processed_at = timezone.now()
    upload.save()
    return upload


@pytest.fixture
def pictures(anna: User) -> list[Upload]:
    return [make_picture(anna, number) for number in (1, 2)]


@pytest.fixture
def album(anna: User, pictures: list[Upload]) -> Album:
    album = create_album(anna.id, "Lisbon")
    add_pictures(album, [upload.id for upload in pictures])
    return album


@pytest.fixture
def link(album: Album) -> ShareLink:
    """A link without a password that gives no access to originals."""
    return create_link(album, timezone.now() + timedelta(days=1), "", allows_originals=False)
