"""`manage.py verify` lists damaged files and sets its exit status."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from tests.verification.library import flip_byte, store
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> tuple[int, str]:
    """Run the command. Return its exit status and output."""
    out = io.StringIO()
    try:
        call_command("verify", *arguments, stdout=out, stderr=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_damaged_file_is_listed_with_its_owner(owner: User) -> None:
    store(owner, b"intact", "a.jpg")
    flip_byte(store(owner, b"content", "b.jpg"), b"content")

    status, out = run()

    assert status == 1
    assert "ada: b.jpg" in out
    assert "2 verified" in out
    assert "1 damaged" in out


def test_all_files_of_an_owner_are_verified_once(owner: User, other: User) -> None:
    store(owner, b"1", verified_at=timezone.now())
    store(owner, b"2", age_days=0)
    store(other, b"3", verified_at=None)

    status, out = run("--owner", "ada", "--all")

    assert (status, "2 verified" in out) == (0, True)
    assert Upload.objects.get(owner=other).verified_at is None


def test_run_ends_after_the_given_number_of_bytes(owner: User) -> None:
    for number in range(3):
        store(owner, bytes([number]) * 1024)

    assert "2 verified" in run("--bytes", "1.5K")[1]


@pytest.mark.parametrize("arguments", [("--owner", "nobody"), ("--bytes", "many")])
def test_invalid_argument_ends_the_command(arguments: tuple[str, str], transactional_db: None) -> None:
    with pytest.raises(CommandError) as error:
        run(*arguments)

    assert error.value.returncode in (1, 2)
