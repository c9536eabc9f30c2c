"""Keep pages out of caches, because they show what belongs to one user."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin


class PrivateResponses(MiddlewareMixin):
    """Adds `Cache-Control: private, no-store` to each response whose view sets no Cache-Control."""

    def process_response(self, _request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Set the header."""
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
