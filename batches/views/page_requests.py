"""Code shared by the page views: a request type, and messages for refused commands."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest
from django_htmx.middleware import HtmxDetails

from batches import services
from batches.engine.refusals import Refused


class PageRequest(HttpRequest):
    """A request that has passed the login and htmx middleware."""

    user: User
    htmx: HtmxDetails


@contextmanager
def missing_as_404() -> Iterator[None]:
    """Turn NotFound into Http404. Works as a context manager and as a view decorator."""
    try:
        yield
    except services.NotFound as error:
        raise Http404 from error


@contextmanager
def refusals_as_messages(request: HttpRequest) -> Iterator[None]:
    """If a service refuses a command, show the reason as a warning on the next page. Turn NotFound into Http404."""
    with missing_as_404():
        try:
            yield
        except Refused as refusal:
            messages.warning(request, refusal.message)
