"""Send the due e-mails of one kind. In a worker process, one thread sends all kinds."""

from batches.worker.completion_emails import due_completion_emails
from batches.worker.damage_emails import due_damage_emails
from batches.worker.mail_delivery import deliver


def send_completion_emails() -> int:
    """Send the due e-mails about completed batches, and return how many the mail server accepted."""
    return deliver(due_completion_emails)


def send_damage_emails() -> int:
    """Send the due e-mails about damaged files, and return how many the mail server accepted."""
    return deliver(due_damage_emails)
