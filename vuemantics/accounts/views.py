"""Sign-in, sign-out and password change: Django's views with our own templates.

The templates do not have Django's default names, because the admin would then use them too.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeDoneView, PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches.messaging import live_events
from vuemantics.accounts.first_password import account_without_password


class SignIn(LoginView):
    """Sign in. While no account has a password, the page says where to find the link for choosing one."""

    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"first_password_missing": account_without_password() is not None}


class CurrentPasswordForm(PasswordChangeForm):
    """A form on which wrong current passwords count as failed sign-ins, which can lock the user out.

    Otherwise, a stolen session could be used to guess the password.
    """

    def __init__(self, user: User, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.get_username(), password=password) is None:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password


class PasswordChange(PasswordChangeView):
    """Change the password and end all the user's other sessions."""

    form_class = CurrentPasswordForm
    template_name = "registration/change_password.html"
    success_url = reverse_lazy("password-changed")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Change the password, keep this session, and trigger a check of the sessions of the user's live sockets."""
        response = super().form_valid(form)
        live_events.notify_login_changed(form.user.pk)
        return response


class AdminPasswordChange(PasswordChange):
    """Change the password in the admin."""

    template_name = "registration/password_change_form.html"
    success_url = reverse_lazy("admin:password_change_done")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**context) | admin.site.each_context(self.request)


class PasswordChanged(PasswordChangeDoneView):
    template_name = "registration/password_changed.html"


_logout = LogoutView.as_view(template_name="registration/signed_out.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """On POST, sign out and notify the user's open pages. On GET, only ask for confirmation."""
    if request.method == "POST":
        user_id = request.user.pk
        response = _logout(request)
        if user_id is not None:
            live_events.notify_login_changed(user_id)
        return response
    if not request.user.is_authenticated:
        return redirect("login")
    return render(request, "registration/sign_out.html")
