"""Signing out and changing the password: Django's views with pages of the house.

The templates have names of their own: under Django's, the admin would show them too.
"""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView, PasswordChangeDoneView, PasswordChangeView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods


class PasswordPage(PasswordChangeView):
    """Asks for the old password and twice for the new one; other browsers are then signed out."""

    template_name = "registration/change_password.html"
    success_url = reverse_lazy("password-changed")


class PasswordDone(PasswordChangeDoneView):
    """Says that it is done."""

    template_name = "registration/password_changed.html"


_leave = LogoutView.as_view(template_name="registration/signed_out.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Ask first, and end the session by a POST alone: no link and no other site can do it."""
    if request.method == "POST":
        return _leave(request)
    if not request.user.is_authenticated:
        return redirect("login")
    return render(request, "registration/sign_out.html")
