"""Users for the view tests, created in each test's transaction."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.users import make_user


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner")


@pytest.fixture
def other(db: None) -> User:
    return make_user("other")


@pytest.fixture
def anna(db: None) -> User:
    """The user who is signed in to the client `page`."""
    return make_user("anna")


@pytest.fixture
def page(client: Client, anna: User) -> Client:
    """A client signed in as Anna."""
    client.force_login(anna)
    return client
