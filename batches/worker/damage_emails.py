"""Send an owner one e-mail about the stored files that verification has found to be damaged since the last one."""

from collections.abc import Callable, Sequence
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from batches.worker.mail_delivery import DueEmail
from uploads.models import DamagedFile

CHUNK = 20
NAMES_SHOWN = 10


def due_damage_emails() -> list[DueEmail]:
    """Return one e-mail for each of up to CHUNK owners."""
    owner_ids = _unreported().values_list("owner_id", flat=True).distinct()[:CHUNK]
    owners = User.objects.filter(id__in=list(owner_ids)).order_by("id")
    return [_email(owner) for owner in owners]


def _unreported() -> QuerySet[DamagedFile]:
    return DamagedFile.objects.filter(notified_at=None, owner__is_active=True).exclude(owner__email="")


def _email(owner: User) -> DueEmail:
    names = dict(_unreported().filter(owner=owner).order_by("pk").values_list("pk", "upload__filename"))
    return DueEmail(
        f"damaged files of user {owner.pk}", partial(_build, owner, list(names.values())), partial(_claim, [*names])
    )


def _claim(ids: Sequence[int]) -> Callable[[], object] | None:
    now = timezone.now()
    if not DamagedFile.objects.filter(pk__in=ids, notified_at=None).update(notified_at=now):
        return None
    return partial(DamagedFile.objects.filter(pk__in=ids, notified_at=now).update, notified_at=None)


def _build(owner: User, names: Sequence[str]) -> tuple[str, str, str]:
    count = len(names)
    subject = ngettext("%(count)d stored file is damaged", "%(count)d stored files are damaged", count)
    context = {"names": names[:NAMES_SHOWN], "count": count, "more": max(count - NAMES_SHOWN, 0)}
    context["url"] = settings.PUBLIC_URL + reverse("failures")
    return owner.email, subject % {"count": count}, render_to_string("batches/damage_mail.txt", context)
