"""The link that `manage.py run` prints sets the first password, and works only once."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from vuemantics.accounts.first_password import account_without_password, first_password_path

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
FORM = {"new_password1": PASSWORD, "new_password2": PASSWORD}
INVALID = "This link is no longer valid."


@pytest.fixture
def admin() -> User:
    """The first account, as `manage.py run` creates it."""
    return User.objects.create_superuser("admin")


def open_link(client: Client, path: str) -> tuple[str, str]:
    """Open the link and follow redirects. Return the path and the HTML of the final page."""
    response = client.get(path, follow=True)
    return response.request["PATH_INFO"], response.content.decode()


def test_link_sets_the_password_and_signs_in(admin: User, client: Client) -> None:
    link = first_password_path(admin)
    page, content = open_link(client, link)
    assert "Its user name is <b>admin</b>" in content
    assert link != page

    response = client.post(page, FORM)

    assert (response.status_code, response["Location"]) == (302, reverse("batch-list"))
    assert client.get(reverse("batch-list")).status_code == 200
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)
    assert account_without_password() is None


def test_weak_password_is_refused(admin: User, client: Client) -> None:
    page, _ = open_link(client, first_password_path(admin))

    response = client.post(page, {"new_password1": "1234", "new_password2": "1234"})

    assert response.status_code == 200
    assert account_without_password() == admin


def test_link_works_only_once(admin: User, client: Client) -> None:
    link = first_password_path(admin)
    page, _ = open_link(client, link)
    client.post(page, FORM)

    _, content = open_link(Client(), link)

    assert INVALID in content


def test_link_is_void_when_anyone_has_a_password(admin: User, client: Client) -> None:
    link = first_password_path(admin)
    User.objects.create_user("ada", password=PASSWORD)

    _, content = open_link(client, link)

    assert INVALID in content


def test_page_cannot_be_opened_without_the_token(admin: User, client: Client) -> None:
    guessed = first_password_path(admin).rsplit("/", 2)[0] + "/set-password/"

    response = client.get(guessed)
    posted = client.post(guessed, FORM)

    assert INVALID in response.content.decode()
    assert INVALID in posted.content.decode()
    admin.refresh_from_db()
    assert not admin.has_usable_password()


def test_sign_in_page_says_where_to_find_the_link(admin: User, client: Client) -> None:
    assert "printed in the terminal" in client.get(reverse("login")).content.decode()

    admin.set_password(PASSWORD)
    admin.save()

    assert "printed in the terminal" not in client.get(reverse("login")).content.decode()
