"""Save a search, and delete a saved search."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uploads.search.language import QueryError
from uploads.search.options import SearchOptions
from uploads.search.saved import forget_search, save_search
from uploads.text import storable


@require_POST
def change_saved_search(request: HttpRequest) -> HttpResponse:
    """Save the search `q`, or delete the saved search that `forget` contains. Then show the search `q` again."""
    text, options = storable(request.POST.get("q", "")), SearchOptions.of(request.POST)
    if "forget" in request.POST:
        _forget(request, storable(request.POST["forget"]))
    elif not _try_to_save(request, text, options):
        messages.warning(request, _("This search cannot be saved. Shorten it, or delete a saved search first."))
    return redirect(f"{reverse('search')}?{urlencode({'q': text, **options.parameters})}")


def _forget(request: HttpRequest, query: str) -> None:
    if forget_search(request.user.pk or 0, query):
        messages.success(request, _("Saved search “%(query)s” deleted.") % {"query": query})


def _try_to_save(request: HttpRequest, text: str, options: SearchOptions) -> bool:
    try:
        return save_search(request.user.pk or 0, text, exact=options.exact)
    except QueryError:
        return False
