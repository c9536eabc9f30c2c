"""A real worker sends the mail, and without a mail server it does its work all the same."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.conftest import StartWorker
from tests.support.batches import fill
from tests.support.mail_sink import mail_sink, subject
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ENV = {
    "TEST_PROCESSOR": "tests.support.processors.at_once",
    "VUEMANTICS_URL": "https://photos.example.org",
    "VUEMANTICS_EMAIL_FROM": "photos@example.org",
}


def sealed(owner: User) -> UploadBatch:
    """A batch that is completed as soon as a worker has done its files."""
    User.objects.filter(id=owner.id).update(email="ada@example.org")
    batch = fill(owner, 2)
    lifecycle.seal_batch(batch.id)
    return batch


def is_completed(batch: UploadBatch) -> Callable[[], bool]:
    return lambda: UploadBatch.objects.filter(id=batch.id, status="completed").exists()


def test_worker_sends_one_mail_when_the_batch_is_done(owner: User, start_worker: StartWorker) -> None:
    batch = sealed(owner)
    with mail_sink() as sink:
        start_worker(processes=2, env=ENV | {"VUEMANTICS_EMAIL_URL": f"smtp://127.0.0.1:{sink.port}"})

        wait_until(lambda: sink.mails, 30)

    assert is_completed(batch)()
    assert [subject(mail) for mail in sink.mails] == ["“Iceland” is done"]


def test_work_goes_on_while_the_mail_server_is_away(owner: User, start_worker: StartWorker) -> None:
    with mail_sink() as free:
        gone = free.port
    workers = start_worker(processes=1, env=ENV | {"VUEMANTICS_EMAIL_URL": f"smtp://127.0.0.1:{gone}"})
    first, second = sealed(owner), fill(owner, 2, "Norway")
    lifecycle.seal_batch(second.id)

    wait_until(is_completed(first), 30)
    wait_until(is_completed(second), 30)

    wait_until(lambda: "E-mails cannot be sent" in workers.text(), 10)
