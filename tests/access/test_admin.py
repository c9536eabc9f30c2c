"""Only staff with the necessary permissions may open the admin's pages and run its actions."""

from collections.abc import Iterable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.access.access_data import AccessData
from tests.support.users import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unchanged"), pytest.mark.slow]
# Lists in the admin, each with the AccessData attribute that holds one of its rows.
ROWS = {"batches_uploadbatch": "batch", "batches_batchitem": "item", "uploads_upload": "upload", "auth_user": "anna"}
PAGES = [
    *[(f"{model}_{page}", row) for model, row in ROWS.items() for page in ("change", "history", "delete")],
    *[(f"{model}_{page}", "") for model in ROWS for page in ("changelist", "add")],
    *[(name, "") for name in ("batches_failures", "batches_failures_csv", "batches_engine", "autocomplete")],
    ("batches_worker_changelist", ""),
    ("uploads_upload_preview", "upload"),
]
COMMANDS = ("process_now", "pause", "resume", "retry_failed", "reanalyse")
# The permissions that each action requires, by list and action.
ACTIONS = {
    **{("batches_uploadbatch", name): {"change_uploadbatch"} for name in COMMANDS},
    ("batches_uploadbatch", "cancel"): {"change_uploadbatch", "cancel_uploadbatch"},
    ("batches_uploadbatch", "delete_batches"): {"delete_uploadbatch", "delete_upload"},
    ("batches_batchitem", "retry"): {"change_uploadbatch"},
    ("uploads_upload", "delete_pictures"): {"delete_upload"},
    ("auth_user", "delete_selected"): {"delete_user"},
}


def pages(data: AccessData) -> Iterable[str]:
    for name, row in PAGES:
        if name == "autocomplete":
            query = {"term": "a", "app_label": "batches", "model_name": "uploadbatch", "field_name": "owner"}
            yield reverse("admin:autocomplete", query=query)
        else:
            sides = [320] if name == "uploads_upload_preview" else []
            yield reverse(f"admin:{name}", args=[getattr(data, row).pk, *sides] if row else [])


def offers(client: Client, model: str, action: str) -> bool:
    page = client.get(reverse(f"admin:{model}_changelist")).content.decode()
    return f'<option value="{action}"' in page


def select(client: Client, data: AccessData, model: str, action: str) -> None:
    """Run an action, already confirmed, on the row that ROWS names for the list `model`."""
    form = {"action": action, "_selected_action": getattr(data, ROWS[model]).pk, "index": "0"}
    client.post(reverse(f"admin:{model}_changelist"), form | {"confirmed": "yes", "post": "yes"})


def staff_with_all_permissions_but(codename: str) -> User:
    return make_staff(
        f"no_{codename}", *Permission.objects.exclude(codename=codename).values_list("codename", flat=True)
    )


def test_pages_and_actions_redirect_other_users_to_the_sign_in_page(client: Client, data: AccessData) -> None:
    client.force_login(data.ben)
    sign_in = reverse("admin:login")

    responses = {path: client.get(path) for path in pages(data)}
    for model, action in ACTIONS:
        select(client, data, model, action)

    wrong = {
        path for path, response in responses.items() if not response.headers.get("Location", "").startswith(sign_in)
    }
    assert not wrong


def test_pages_and_actions_are_closed_to_staff_without_permissions(client: Client, data: AccessData) -> None:
    client.force_login(make_staff("clerk"))

    statuses = {path: client.get(path).status_code for path in pages(data)}
    for model, action in ACTIONS:
        select(client, data, model, action)

    assert set(statuses.values()) == {403}, statuses


@pytest.mark.parametrize("missing", sorted({codename for codenames in ACTIONS.values() for codename in codenames}))
def test_actions_are_closed_to_staff_who_lack_one_of_their_permissions(
    client: Client, data: AccessData, missing: str
) -> None:
    client.force_login(staff_with_all_permissions_but(missing))
    closed = [key for key, codenames in ACTIONS.items() if missing in codenames]

    for model, action in closed:
        select(client, data, model, action)

    assert not [(model, action) for model, action in closed if offers(client, model, action)]


def test_actions_are_offered_to_staff_with_only_their_permissions(client: Client, data: AccessData) -> None:
    def offered(model: str, action: str) -> bool:
        view = f"view_{model.partition('_')[2]}"
        client.force_login(make_staff(f"{model}_{action}", view, *ACTIONS[model, action]))
        return offers(client, model, action)

    assert not [key for key in ACTIONS if not offered(*key)]


@pytest.mark.parametrize("command", ["retry", "dismiss"])
def test_only_operators_command_failures_of_all_owners(client: Client, data: AccessData, command: str) -> None:
    client.force_login(staff_with_all_permissions_but("change_uploadbatch"))
    form = {"command": command, "code": "item.internal", "until": timezone.now().isoformat(), "confirmed": "yes"}

    assert client.post(reverse("admin:batches_failures"), form).status_code == 403
