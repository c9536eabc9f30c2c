"""Changing the password and signing out."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db
OLD, NEW = "correct horse battery", "staple of another kind"


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_user("anna", password=OLD)


@pytest.fixture
def page(client: Client, anna: User) -> Client:
    client.force_login(anna)
    return client


def change(client: Client, old: str = OLD, first: str = NEW, second: str = NEW) -> str:
    """Send the form and read the page that it leads to."""
    fields = {"old_password": old, "new_password1": first, "new_password2": second}
    return client.post(reverse("password-change"), fields, follow=True).content.decode()


def test_menu_leads_to_the_page(page: Client) -> None:
    assert f'href="{reverse("password-change")}"' in page.get(reverse("upload-list")).content.decode()


def test_password_is_changed_and_the_person_stays(page: Client, anna: User) -> None:
    assert "Your password is changed" in change(page)

    anna.refresh_from_db()
    assert anna.check_password(NEW)
    assert page.get(reverse("upload-list")).status_code == 200


def test_other_browsers_are_signed_out(page: Client, anna: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(anna)

    change(page)

    assert elsewhere.get(reverse("upload-list")).status_code == 302


@pytest.mark.parametrize(
    ("old", "first", "second", "words"),
    [
        ("wrong", NEW, NEW, "old password was entered incorrectly"),
        (OLD, NEW, "another", "two password fields"),
        (OLD, "short", "short", "too short"),
    ],
)
def test_wrong_form_changes_nothing_and_says_why(
    page: Client, anna: User, old: str, first: str, second: str, words: str
) -> None:
    html = change(page, old, first, second)

    assert words in html
    assert 'aria-invalid="true"' in html
    anna.refresh_from_db()
    assert anna.check_password(OLD)


def test_admin_keeps_its_own_password_page(admin_client: Client) -> None:
    html = admin_client.get(reverse("admin:password_change")).content.decode()

    assert "vuemantics administration" in html


def test_sign_out_page_asks_and_changes_nothing(page: Client) -> None:
    html = page.get(reverse("logout")).content.decode()

    assert "Sign out?" in html
    assert page.get(reverse("upload-list")).status_code == 200


def test_sign_out_page_of_a_stranger_leads_to_the_sign_in(client: Client) -> None:
    assert client.get(reverse("logout"))["Location"] == reverse("login")


def test_sign_out_of_a_stranger_says_that_it_is_so(client: Client) -> None:
    assert "You are signed out" in client.post(reverse("logout")).content.decode()
