"""Models for worker processes, the scheduling of owners, and owners' last visits."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class OwnerSchedule(models.Model):
    """When the scheduler last chose one of this owner's batches, for its round robin over owners."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    last_served = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Schedule of owner {self.owner_id}"


class OwnerLastSeen(models.Model):
    """The time up to which an owner has seen all completed batches. Only `batches.services.last_seen` writes it."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Last visit of owner {self.owner_id}"


class Worker(models.Model):
    """A worker process. Its id is the second key of the advisory lock that the process holds while it is alive."""

    host = models.CharField(_("host"), max_length=255)
    pid = models.PositiveIntegerField(_("process ID"))
    threads = models.PositiveSmallIntegerField(_("threads"))
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    missing_since = models.DateTimeField(
        _("missing since"),
        null=True,
        blank=True,
        help_text=_("When the worker was first found not to hold its lock. It may still reconnect."),
    )
    stall_code = models.CharField(
        _("stall code"),
        max_length=50,
        blank=True,
        help_text=_("Code of the reason why the worker is waiting, such as model.away."),
    )
    stall_message = models.CharField(_("stall message"), max_length=500, blank=True)
    stalled_since = models.DateTimeField(_("stalled since"), null=True, blank=True)
    recovered = models.PositiveIntegerField(
        _("recovered"), default=0, help_text=_("Number of files that were recovered from this worker.")
    )
    recovered_at = models.DateTimeField(_("recovered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
