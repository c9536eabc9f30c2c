"""What the views of the pages expect of a request."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class PageRequest(HttpRequest):
    """A request that has passed the middleware of login and htmx."""

    user: User
    htmx: HtmxDetails
