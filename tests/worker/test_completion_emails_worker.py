"""A real worker sends the completion e-mail, and still processes files if the mail server is unavailable."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.conftest import StartWorker
from tests.support.batches import make_batch
from tests.support.mail_sink import mail_sink, subject
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ENV = {
    "TEST_PROCESSOR": "tests.support.processors.instant",
    "VUEMANTICS_URL": "https://photos.example.org",
    "VUEMANTICS_EMAIL_FROM": "photos@example.org",
}


def make_sealed_batch(owner: User) -> UploadBatch:
    """Create a sealed batch with two pending files, and give its owner an e-mail address."""
    User.objects.filter(id=owner.id).update(email="ada@example.org")
    batch = make_batch(owner, 2)
    lifecycle.seal_batch(batch.id)
    return batch


def is_completed(batch: UploadBatch) -> Callable[[], bool]:
    return lambda: UploadBatch.objects.filter(id=batch.id, status="completed").exists()


def test_worker_sends_one_email_when_the_batch_is_completed(owner: User, start_worker: StartWorker) -> None:
    batch = make_sealed_batch(owner)
    with mail_sink() as mail_server:
        start_worker(processes=2, env=ENV | {"VUEMANTICS_EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}"})

        wait_until(lambda: mail_server.mails, 30)

    assert is_completed(batch)()
    assert [subject(mail) for mail in mail_server.mails] == ["“Iceland” is done"]


def test_worker_processes_files_while_the_mail_server_is_unavailable(owner: User, start_worker: StartWorker) -> None:
    with mail_sink() as free:
        unused_port = free.port
    workers = start_worker(processes=1, env=ENV | {"VUEMANTICS_EMAIL_URL": f"smtp://127.0.0.1:{unused_port}"})
    first, second = make_sealed_batch(owner), make_batch(owner, 2, "Norway")
    lifecycle.seal_batch(second.id)

    wait_until(is_completed(first), 30)
    wait_until(is_completed(second), 30)

    wait_until(lambda: "E-mails cannot be sent" in workers.text(), 10)
