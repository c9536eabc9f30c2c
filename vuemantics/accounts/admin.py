"""People in the admin: who has pictures or batches is not deleted before these are."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _

from batches.models import UploadBatch
from uploads.models import Upload

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]  # generic for mypy only
    """Django's page of users; its delete says what is in the way instead of listing 100,000 protected rows."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], list[str]]:
        """Return what would go, or only what forbids it."""
        people = list(objs)
        in_the_way = _in_the_way(people)
        if in_the_way:
            return [], {}, set(), in_the_way
        return super().get_deleted_objects(people, request)


def _in_the_way(people: Iterable[User]) -> list[str]:
    ids = [person.pk for person in people]
    pictures = dict(Upload.objects.filter(owner__in=ids).order_by().values_list("owner").annotate(Count("id")))
    batches = dict(UploadBatch.all_objects.filter(owner__in=ids).order_by().values_list("owner").annotate(Count("id")))
    words = _("%(name)s has %(pictures)d pictures and %(batches)d batches. Delete these first: nothing is left then.")
    return [
        words % {"name": person, "pictures": pictures.get(person.pk, 0), "batches": batches.get(person.pk, 0)}
        for person in people
        if person.pk in pictures or person.pk in batches
    ]
