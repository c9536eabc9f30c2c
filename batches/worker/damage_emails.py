"""Send an owner one e-mail about all stored files that were found to be damaged since the previous e-mail."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Max, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from batches.worker.mail_delivery import DueEmail
from uploads.models import DamagedFile

CHUNK = 20
NAMES_SHOWN = 10


def due_damage_emails() -> list[DueEmail]:
    """Return one e-mail for each of up to CHUNK owners of damaged files that have not been reported yet."""
    groups = _unreported().values_list("owner").annotate(Count("pk"), Max("found_at")).order_by("owner")[:CHUNK]
    found = {owner_id: (count, until) for owner_id, count, until in groups}
    return [_email(owner, *found[owner.pk]) for owner in User.objects.filter(id__in=found).order_by("id")]


def _unreported() -> QuerySet[DamagedFile]:
    return DamagedFile.objects.filter(notified_at=None, owner__is_active=True).exclude(owner__email="")


def _email(owner: User, count: int, until: datetime) -> DueEmail:
    about = f"damaged files of user {owner.pk}"
    return DueEmail(about, partial(_build, owner, count, until), partial(_claim, owner.pk, until))


def _claim(owner_id: int, until: datetime) -> Callable[[], object] | None:
    """Claim the e-mail by marking the files that it counts (those found up to `until`) as reported."""
    now = timezone.now()
    found = DamagedFile.objects.filter(owner_id=owner_id, found_at__lte=until)
    if not found.filter(notified_at=None).update(notified_at=now):
        return None
    return partial(found.filter(notified_at=now).update, notified_at=None)


def _build(owner: User, count: int, until: datetime) -> tuple[str, str, str]:
    rows = _unreported().filter(owner=owner, found_at__lte=until).order_by("pk")
    names = list(rows.values_list("upload__filename", flat=True)[:NAMES_SHOWN])
    subject = ngettext("%(count)d stored file is damaged", "%(count)d stored files are damaged", count)
    context = {"names": names, "count": count, "more": count - len(names)}
    context["url"] = settings.PUBLIC_URL + reverse("failures")
    return owner.email, subject % {"count": count}, render_to_string("batches/damage_mail.txt", context)
