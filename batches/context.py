"""What every page shows of the signed-in person's batches."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from batches.own import read_own_batches


def own_batches(request: HttpRequest) -> dict[str, object]:
    """Give templates `own`; it is read only where it is shown."""
    return {"own": SimpleLazyObject(lambda: read_own_batches(request.user.pk or 0))}
