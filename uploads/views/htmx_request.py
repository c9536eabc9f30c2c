"""The request type of views that return fragments to scripts."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request that has passed through HtmxMiddleware."""

    htmx: HtmxDetails
