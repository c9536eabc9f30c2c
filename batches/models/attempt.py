from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models.item import BatchItem
from batches.models.states import AttemptEnd


class Attempt(models.Model):
    """A failed attempt that was retried, or an attempt that was lost with its worker.

    Only `batches.engine.attempt_history` writes these rows. The item's own row describes its last attempt. Attempts
    that ended because of an outage or a stop request are not recorded.
    """

    item = models.ForeignKey(BatchItem, on_delete=models.CASCADE, related_name="history", verbose_name=_("batch item"))
    end = models.CharField(_("outcome"), max_length=10, choices=AttemptEnd)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"))
    worker = models.BigIntegerField(_("worker"), null=True, blank=True)
    error_code = models.CharField(_("error code"), max_length=50, blank=True)
    error_message = models.CharField(_("error message"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [models.CheckConstraint(condition=models.Q(end__in=AttemptEnd.values), name="attempt_end_known")]

    def __str__(self) -> str:
        return f"{self.get_end_display()} {self.error_code}".rstrip()
