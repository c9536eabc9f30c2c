"""Signing out and changing the password: Django's views with pages of the house.

The templates have names of their own: under Django's, the admin would show them too.
"""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LogoutView, PasswordChangeDoneView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches.messaging import live_events


class PasswordPage(PasswordChangeView):
    """Asks for the old password and twice for the new one; other browsers are then signed out."""

    template_name = "registration/change_password.html"
    success_url = reverse_lazy("password-changed")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Keep this session and tell the pages that others have open."""
        answer = super().form_valid(form)
        live_events.notify_login_changed(form.user.pk)
        return answer


class PasswordDone(PasswordChangeDoneView):
    """Says that it is done."""

    template_name = "registration/password_changed.html"


_leave = LogoutView.as_view(template_name="registration/signed_out.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Ask first, and end the session by a POST alone: no link and no other site can do it. Its open pages are told."""
    if request.method == "POST":
        user_id = request.user.pk
        answer = _leave(request)
        if user_id is not None:
            live_events.notify_login_changed(user_id)
        return answer
    if not request.user.is_authenticated:
        return redirect("login")
    return render(request, "registration/sign_out.html")
