"""The admin is closed to who is no staff, and each of its pages and actions to staff without its permissions."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.access.there import There
from tests.support.users import make_staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unchanged")]
# The admin's lists, and which row of Anna's is in each.
ROWS = {"batches_uploadbatch": "batch", "batches_batchitem": "item", "uploads_upload": "upload", "auth_user": "anna"}
PAGES = [
    *[(f"{model}_{page}", row) for model, row in ROWS.items() for page in ("change", "history", "delete")],
    *[(f"{model}_{page}", "") for model in ROWS for page in ("changelist", "add")],
    *[(name, "") for name in ("batches_failures", "batches_failures_csv", "batches_engine", "autocomplete")],
    ("batches_worker_changelist", ""),
    ("uploads_upload_preview", "upload"),
]
COMMANDS = ("process_now", "pause", "resume", "retry_failed", "reanalyse")
# Which permissions an action takes, by its list.
ACTIONS = {
    **{("batches_uploadbatch", name): {"change_uploadbatch"} for name in COMMANDS},
    ("batches_uploadbatch", "cancel"): {"change_uploadbatch", "cancel_uploadbatch"},
    ("batches_uploadbatch", "delete_batches"): {"delete_uploadbatch", "delete_upload"},
    ("batches_batchitem", "retry"): {"change_uploadbatch"},
    ("uploads_upload", "delete_pictures"): {"delete_upload"},
    ("auth_user", "delete_selected"): {"delete_user"},
}
LACKING = [(*action, lacks) for action, needs in ACTIONS.items() for lacks in sorted(needs)]


def address(name: str, row: str, there: There) -> str:
    if name == "autocomplete":
        query = {"term": "a", "app_label": "batches", "model_name": "uploadbatch", "field_name": "owner"}
        return reverse("admin:autocomplete", query=query)
    sides = [320] if name == "uploads_upload_preview" else []
    return reverse(f"admin:{name}", args=[getattr(there, row).pk, *sides] if row else [])


@pytest.mark.parametrize(("name", "row"), PAGES)
def test_page_sends_who_is_no_staff_to_the_sign_in(client: Client, there: There, name: str, row: str) -> None:
    client.force_login(there.ben)

    answer = client.get(address(name, row, there))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize(("name", "row"), PAGES)
def test_page_is_closed_to_staff_without_permissions(client: Client, there: There, name: str, row: str) -> None:
    client.force_login(make_staff("clerk"))

    assert client.get(address(name, row, there)).status_code == 403


def all_but(lacks: str) -> User:
    """Staff with every permission of the site but one."""
    return make_staff("clerk", *Permission.objects.exclude(codename=lacks).values_list("codename", flat=True))


@pytest.mark.parametrize(("model", "action", "lacks"), LACKING)
def test_action_is_closed_without_one_of_its_permissions(
    client: Client, there: There, model: str, action: str, lacks: str
) -> None:
    client.force_login(all_but(lacks))
    place = reverse(f"admin:{model}_changelist")
    form = {"action": action, "_selected_action": getattr(there, ROWS[model]).pk, "index": "0"}

    page = client.get(place).content.decode()
    client.post(place, form | {"confirmed": "yes", "post": "yes"})

    assert f'<option value="{action}"' not in page


@pytest.mark.parametrize(("model", "action"), ACTIONS)
def test_action_is_offered_with_its_permissions_alone(client: Client, there: There, model: str, action: str) -> None:
    client.force_login(make_staff("clerk", f"view_{model.partition('_')[2]}", *ACTIONS[model, action]))

    page = client.get(reverse(f"admin:{model}_changelist")).content.decode()

    assert f'<option value="{action}"' in page


@pytest.mark.parametrize("command", ["retry", "dismiss"])
def test_failures_of_all_people_are_commanded_by_operators_alone(client: Client, there: There, command: str) -> None:
    client.force_login(all_but("change_uploadbatch"))
    form = {"command": command, "code": "item.internal", "until": timezone.now().isoformat(), "confirmed": "yes"}

    assert client.post(reverse("admin:batches_failures"), form).status_code == 403
