"""Every address of the site is closed to a second account, to the mightiest of the staff, and to nobody signed in."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from batches.models import BatchItem
from tests.access.doors import DOORS, OPEN, Door, knock
from tests.access.there import SECRETS, There
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_door_refuses_a_second_account(there: There, door: Door) -> None:
    # What is Ben's own has the same names of files.
    BatchItem.objects.filter(batch=there.own).update(filename="mine.jpg")
    Upload.objects.filter(owner=there.ben).update(filename="mine.jpg", camera="")

    status, _place, words = knock(there.ben, door, there)

    assert status in door.answers
    assert not [secret for secret in SECRETS if secret in words]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_door_refuses_staff_who_have_the_admin_for_that(there: There, door: Door) -> None:
    status, _place, words = knock(User.objects.create_superuser("root"), door, there)

    assert status in door.answers
    assert not [secret for secret in SECRETS if secret in words]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_door_asks_nobody_in(there: There, door: Door) -> None:
    status, place, words = knock(None, door, there)

    assert (status, place.partition("?")[0]) == (302, reverse("login"))
    assert not words


def test_sizes_of_others_are_not_told(there: There) -> None:
    BatchItem.objects.filter(batch=there.own).delete()
    Upload.objects.filter(owner=there.ben).delete()
    sizes = next(door for door in DOORS if door.name == "batch-known-sizes")

    assert '"sizes": []' in knock(there.ben, sizes, there)[2]


def names(patterns: list[Any], space: str = "") -> set[str]:
    """The names of all addresses below."""
    found: set[str] = set()
    for one in patterns:
        if isinstance(one, URLResolver):
            found |= names(one.url_patterns, f"{space}{one.namespace}:" if one.namespace else space)
        elif isinstance(one, URLPattern) and one.name:
            found.add(space + one.name)
    return found


def test_no_address_is_left_out() -> None:
    of_site = {name for name in names(get_resolver().url_patterns) if ":" not in name}

    assert of_site == {door.name for door in DOORS} | OPEN
