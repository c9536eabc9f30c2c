"""Send the e-mails of one kind that are due, as the thread of a worker process does for all kinds."""

from batches.worker.completion_emails import due_completion_emails
from batches.worker.damage_emails import due_damage_emails
from batches.worker.mail_delivery import deliver


def send_completion_emails() -> int:
    """Return how many e-mails about completed batches the mail server accepted."""
    return deliver(due_completion_emails)


def send_damage_emails() -> int:
    """Return how many e-mails about damaged files the mail server accepted."""
    return deliver(due_damage_emails)
