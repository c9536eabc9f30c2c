"""Who takes turns, who looks, who works."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class OwnerSchedule(models.Model):
    """When an owner's files were last given a worker's time: turns go round the owners first."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    last_served = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Turn of {self.owner_id}"


class OwnerLastSeen(models.Model):
    """When an owner last looked at what had come to its end; `batches.services.last_seen` alone writes it."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Look of {self.owner_id}"


class Worker(models.Model):
    """A worker process; its id is the number of the advisory lock that it holds while it lives."""

    host = models.CharField(_("host"), max_length=255)
    pid = models.PositiveIntegerField(_("pid"))
    threads = models.PositiveSmallIntegerField(_("threads"))
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    missing_since = models.DateTimeField(
        _("missing since"),
        null=True,
        blank=True,
        help_text=_("When it was first seen without its lock; it may come back."),
    )
    stall_code = models.CharField(
        _("holding cause"), max_length=50, blank=True, help_text=_("What it waits for, as a stable code.")
    )
    stall_message = models.CharField(_("holding message"), max_length=500, blank=True)
    stalled_since = models.DateTimeField(_("holding since"), null=True, blank=True)
    recovered = models.PositiveIntegerField(
        _("recovered"), default=0, help_text=_("Files in hand that were taken back after its end.")
    )
    recovered_at = models.DateTimeField(_("recovered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
