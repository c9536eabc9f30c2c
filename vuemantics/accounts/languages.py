"""The choice of a language, and the words of the pages' scripts in it.

The choice is a form in the foot of each page and kept in a cookie; without one, what the browser asks for decides.
"""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie
from django.views.i18n import JavaScriptCatalog, set_language

_catalog = JavaScriptCatalog.as_view(packages=["vuemantics"])


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the `language` of the form and lead back to `next`, an address of this site."""
    return set_language(request)


@login_not_required
@require_safe
@cache_control(private=True, no_cache=True)
@vary_on_cookie
@conditional_page
def script_words(request: HttpRequest) -> HttpResponseBase:
    """Define `gettext`, `ngettext` and `interpolate` for the scripts; a browser that has it gets 304."""
    return _catalog(request)
