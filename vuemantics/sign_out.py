"""Signing out, and telling the person's open pages at once."""

from django.contrib.auth.views import LogoutView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from batches import events


@require_http_methods(["POST", "OPTIONS"])
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session; sockets that were opened with it close."""
    user_id = request.user.pk
    answer = LogoutView.as_view()(request)
    if user_id is not None:
        events.login_changed(user_id)
    return answer
