"""What the views of the pages expect of a request."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.middleware import HtmxDetails

View = Callable[..., HttpResponse]


class PageRequest(HttpRequest):
    """A request that has passed the middleware of login and htmx."""

    user: User
    htmx: HtmxDetails


def require_button(page: str) -> Callable[[View], View]:
    """Let a pressed button through, a POST; a GET does nothing and leads to the page of this name, where the button is.

    So comes who pressed it after the session had ended, and then signed in.
    """

    def decorate(view: View) -> View:
        press = require_POST(view)

        @wraps(view)
        def door(request: HttpRequest, **address: int) -> HttpResponse:
            if request.method in {"GET", "HEAD"}:
                return redirect(reverse(page, kwargs=address))
            return press(request, **address)

        return door

    return decorate
