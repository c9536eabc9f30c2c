"""Users can change their password and sign out."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

OLD, NEW = "correct horse battery", "staple of another kind"


@pytest.fixture
def anna(db: None, settings: Settings) -> User:
    return User.objects.create_user("anna", password=OLD)


@pytest.fixture
def browser(client: Client, anna: User) -> Client:
    client.force_login(anna)
    return client


def change_password(client: Client, old: str = OLD, first: str = NEW, second: str = NEW) -> str:
    """Submit the password form and return the page that follows."""
    fields = {"old_password": old, "new_password1": first, "new_password2": second}
    return client.post(reverse("password-change"), fields, follow=True).content.decode()


def test_menu_links_to_the_password_page(browser: Client) -> None:
    assert f'href="{reverse("password-change")}"' in browser.get(reverse("upload-list")).content.decode()


def test_password_is_changed_and_the_session_kept(browser: Client, anna: User) -> None:
    assert "<h1>Password changed</h1>" in change_password(browser)

    anna.refresh_from_db()
    assert anna.check_password(NEW)
    assert browser.get(reverse("upload-list")).status_code == 200


@pytest.mark.parametrize("name", ["password-change", "admin:password_change"])
def test_attempts_at_the_current_password_are_limited(
    browser: Client, anna: User, settings: Settings, name: str
) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    User.objects.filter(id=anna.id).update(is_staff=True)
    fields = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    statuses = [browser.post(reverse(name), fields).status_code for _ in range(2)]

    locked = browser.post(reverse(name), fields | {"old_password": OLD})

    assert (statuses, locked.status_code) == ([200, 429], 429)
    anna.refresh_from_db()
    assert anna.check_password(OLD)


def test_password_change_ends_other_sessions(browser: Client, anna: User) -> None:
    other = Client()
    other.force_login(anna)

    change_password(browser)

    assert other.get(reverse("upload-list")).status_code == 302


@pytest.mark.parametrize(
    ("old", "first", "second", "message"),
    [
        ("wrong", NEW, NEW, "old password was entered incorrectly"),
        (OLD, NEW, "another", "two password fields"),
        (OLD, "short", "short", "too short"),
    ],
)
def test_invalid_form_changes_nothing_and_shows_the_error(
    browser: Client, anna: User, old: str, first: str, second: str, message: str
) -> None:
    html = change_password(browser, old, first, second)

    assert message in html
    assert 'aria-invalid="true"' in html
    anna.refresh_from_db()
    assert anna.check_password(OLD)


def test_admin_keeps_its_own_password_page(admin_client: Client) -> None:
    html = admin_client.get(reverse("admin:password_change")).content.decode()

    assert "vuemantics administration" in html


def test_sign_out_page_asks_for_confirmation(browser: Client) -> None:
    html = browser.get(reverse("logout")).content.decode()

    assert "Sign out?" in html
    assert browser.get(reverse("upload-list")).status_code == 200


def test_sign_out_page_redirects_a_visitor_to_sign_in(client: Client) -> None:
    assert client.get(reverse("logout"))["Location"] == reverse("login")


def test_sign_out_of_a_visitor_is_confirmed(client: Client, db: None) -> None:
    assert "You are signed out" in client.post(reverse("logout")).content.decode()
