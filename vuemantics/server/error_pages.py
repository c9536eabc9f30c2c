"""Error pages for requests that are refused before a view handles them."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie
from django.template.loader import render_to_string
from django.utils import translation

from vuemantics.server.limits import RequestHead
from vuemantics.server.refusal import Refusal


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return an error page for a request that could not be parsed. The user is not yet known."""
    too_many = isinstance(exception, TooManyFilesSent)
    context = {"most_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES if too_many else 0}
    return HttpResponse(render_to_string("400.html", context), status=400)


def too_large(head: RequestHead) -> Refusal:
    """Return the response to a body over the limit."""
    limit = settings.MAX_BODY_BYTES / 2**20
    line = f"The request is larger than this server's limit of {limit:g} MiB.\n"
    return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, head.headers, line, {"body_bytes": settings.MAX_BODY_BYTES})


def too_busy(headers: Mapping[str, str]) -> Refusal:
    """Return the response to a request whose client has too many requests in progress."""
    line = "server.busy: The server is busy with your other requests. Nothing is lost; try again soon.\n"
    return replace(_refusal(HTTPStatus.TOO_MANY_REQUESTS, headers, line, {}), headers={"Retry-After": "2"})


def _refusal(status: HTTPStatus, headers: Mapping[str, str], line: str, context: Mapping[str, object]) -> Refusal:
    """Return the response: a page in the client's language for browsers, or one line for programs.

    `headers` maps names to values, because there is no request object yet.
    """
    if "text/html" not in headers.get("accept", ""):
        return Refusal(status, line)
    request = HttpRequest()
    request.COOKIES = parse_cookie(headers.get("cookie", ""))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get("accept-language", "")
    with translation.override(translation.get_language_from_request(request)):
        return Refusal(status, render_to_string(f"{status}.html", dict(context)), "text/html")
