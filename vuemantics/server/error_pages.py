"""Error pages for requests that are refused before a view handles them."""

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie
from django.template.loader import render_to_string
from django.utils import translation


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return an error page for a request that could not be parsed. The user is not known yet."""
    too_many = isinstance(exception, TooManyFilesSent)
    context = {"most_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES if too_many else 0}
    return HttpResponse(render_to_string("400.html", context), status=400)


def too_large(accept: str, cookie: str, accept_language: str) -> tuple[str, str]:
    """Return content type and text of the response to a body over the limit: HTML for browsers, one line for programs.

    The arguments are header values, because there is no request object yet.
    """
    if "text/html" not in accept:
        limit = settings.MAX_BODY_BYTES / 2**20
        return "text/plain", f"The request is larger than this server's limit of {limit:g} MiB.\n"
    request = HttpRequest()
    request.COOKIES = parse_cookie(cookie)
    request.META["HTTP_ACCEPT_LANGUAGE"] = accept_language
    with translation.override(translation.get_language_from_request(request)):
        return "text/html", render_to_string("413.html", {"body_bytes": settings.MAX_BODY_BYTES})
