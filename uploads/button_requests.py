"""Handle requests that buttons send: accept only POST, read the chosen pictures, and redirect back to a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from uploads.pagination import parse_ids

MAX_PICTURES = 2000
"""How many pictures may be selected for one command. DATA_UPLOAD_MAX_NUMBER_FIELDS allows a form with this many."""

View = Callable[..., HttpResponseBase]


def require_button(page: str, *arguments: str) -> Callable[[View], View]:
    """Let only a POST reach the view; redirect a GET to the page with the button.

    `page` is the URL name of that page, and `arguments` are the names of the view's arguments that this URL needs.

    A GET occurs if the session has expired when the user presses the button: after signing in, the user is redirected
    to the button's URL.
    """

    def decorate(view: View) -> View:
        post_only = require_POST(view)

        @wraps(view)
        def wrapper(request: HttpRequest, **url_kwargs: Any) -> HttpResponseBase:
            if request.method in {"GET", "HEAD"}:
                return redirect(reverse(page, kwargs={name: url_kwargs[name] for name in arguments}))
            return post_only(request, **url_kwargs)

        return wrapper

    return decorate


def chosen_pictures(request: HttpRequest) -> set[int]:
    """Return the ids in the `picture` parameters. Values that are not numbers are ignored."""
    return parse_ids(_parameters(request).getlist("picture"))


def back(request: HttpRequest, page: str) -> HttpResponse:
    """Redirect to `back_url()`."""
    return redirect(back_url(request, page))


def back_url(request: HttpRequest, page: str) -> str:
    """Return the path in the parameter `next` if it is on this site, otherwise the path of the page named `page`."""
    target = _parameters(request).get("next", "")
    is_own = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_own else reverse(page)


def _parameters(request: HttpRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET
