"""Code shared by the page views: a request type, a decorator for buttons, and messages for refused commands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.middleware import HtmxDetails

from batches import services
from batches.engine.refusals import Refused

View = Callable[..., HttpResponse]


class PageRequest(HttpRequest):
    """A request that has passed the login and htmx middleware."""

    user: User
    htmx: HtmxDetails


@contextmanager
def missing_as_404() -> Iterator[None]:
    """Turn NotFound into Http404. Works as a context manager and as a decorator of views."""
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


def require_button(page: str) -> Callable[[View], View]:
    """Let only a POST reach the view; redirect a GET to the page with the button, whose URL name is `page`.

    A GET occurs if the session has expired when the user presses the button: after signing in, the user is redirected
    to the button's URL.
    """

    def decorate(view: View) -> View:
        post_only = require_POST(view)

        @wraps(view)
        def wrapper(request: HttpRequest, **url_kwargs: int) -> HttpResponse:
            if request.method in {"GET", "HEAD"}:
                return redirect(reverse(page, kwargs=url_kwargs))
            return post_only(request, **url_kwargs)

        return wrapper

    return decorate
