"""Select the pictures that a command for several pictures may change."""

from collections.abc import Collection

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet

from batches.engine.refusals import Refused
from batches.models.scope import Scope
from uploads.button_requests import MAX_PICTURES
from uploads.models import Upload


def select_pictures(scope: Scope, ids: Collection[int], permissions: tuple[str, ...]) -> QuerySet[Upload]:
    """Return the pictures in `ids` that the scope covers for an operation that requires `permissions`.

    Raises Refused (`picture.too_many`) if there are more than MAX_PICTURES ids.
    """
    require_few(ids)
    return scope.filter(Upload.objects.filter(id__in=ids), permissions)


def require_few(ids: Collection[int]) -> None:
    """Raise Refused (`picture.too_many`) if there are more than MAX_PICTURES ids."""
    if len(ids) > MAX_PICTURES:
        raise Refused("picture.too_many", limit=intcomma(MAX_PICTURES))
