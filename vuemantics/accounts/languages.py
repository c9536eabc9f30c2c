"""Choose the language of the pages, and serve translations to their scripts.

The form in the page footer stores the choice in a cookie. Without the cookie, the browser's Accept-Language decides.
"""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import i18n
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

_catalog_view = i18n.JavaScriptCatalog.as_view(packages=["vuemantics"])


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Store the form's `language` in a cookie and redirect to `next`, which must be on this site."""
    return i18n.set_language(request)


@login_not_required
@require_safe
@cache_control(private=True, no_cache=True)
@vary_on_cookie
@conditional_page
def javascript_catalog(request: HttpRequest) -> HttpResponseBase:
    """Send the script that defines `gettext`, `ngettext` and `interpolate`, or 304 if the browser already has it."""
    return _catalog_view(request)
